import { resolve } from "node:path";
import { readTlsAuthority, readTlsIdentity } from "../base/tls-files.ts";
import type { SslValues, TlsValues } from "./config-schema.ts";
import type { TlsConfig } from "./daemon-config.ts";
import type { ProblemList } from "./problem-list.ts";
import type { Given, SectionValues } from "./section-values.ts";

/** What a section says of TLS, its files read and checked. */
export function readTls<V extends TlsValues>(values: SectionValues<V>, problems: ProblemList): TlsConfig {
  const certfile: Given<string> | undefined = values.get("certfile");
  const keyfile: Given<string> | undefined = values.get("keyfile");
  const authority = readAuthority(values.get("cacert"), problems);
  if (certfile === undefined) {
    if (keyfile !== undefined) problems.add(keyfile.place, "keyfile is set, but no certfile is beside it");
    return { ...authority };
  }
  const given = { certfile, keyfile: keyfile ?? certfile };
  const paths = { certfile: pathOf(given.certfile), keyfile: pathOf(given.keyfile) };
  const identity = readTlsIdentity(paths, (which, fact) => {
    if (which === "cacert") return;
    problems.add(given[which].place, `${which} ${JSON.stringify(paths[which])} ${fact}`);
  });
  return identity === undefined ? { ...authority } : { identity, ...authority };
}

/** What `[ssl]` says: the certificates of every endpoint that names none. */
export function readSsl(values: SectionValues<SslValues>, problems: ProblemList): TlsConfig {
  const [cacert, older] = [values.get("cacert"), values.get("ca_certs")];
  if (older === undefined) return readTls(values, problems);
  if (cacert !== undefined) problems.add(older.place, "ca_certs is set, but cacert is, too: they are the same");
  return { ...readTls(values, problems), ...readAuthority(older, problems, "ca_certs") };
}

function readAuthority(
  given: Given<string> | undefined,
  problems: ProblemList,
  key = "cacert",
): Pick<TlsConfig, "authority"> {
  if (given === undefined) return {};
  const path = pathOf(given);
  const authority = readTlsAuthority(path, (_, fact) =>
    problems.add(given.place, `${key} ${JSON.stringify(path)} ${fact}`),
  );
  return authority === undefined ? {} : { authority };
}

const pathOf = ({ folder, value }: Given<string>): string => resolve(folder, value);
