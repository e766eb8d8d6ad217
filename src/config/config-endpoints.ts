import { resolve } from "node:path";
import { type Endpoint, endpointAddress, formatEndpoint, parseEndpoint } from "../base/endpoint.ts";
import { GafferError } from "../base/gaffer-error.ts";
import { didYouMean } from "../base/nearest.ts";
import type { ConfigDocument } from "./config-document.ts";
import { type EndpointValues, endpointKeys, type GafferValues, type ListenValues } from "./config-schema.ts";
import { readTls } from "./config-tls.ts";
import type { AccessConfig, EndpointConfig, TlsConfig } from "./daemon-config.ts";
import type { ProblemList } from "./problem-list.ts";
import { type Given, SectionValues } from "./section-values.ts";
import { formatPlace, type Place } from "./source-text.ts";

/** Name of the endpoint that is the `bind` of `[gaffer]`. */
export const MAIN_ENDPOINT = "gaffer";

/** Permission bits of a unix socket where none are said. */
const SOCKET_MODE = 0o600;

/** What nobody has said anything about. */
export const CLOSED: AccessConfig = { corsOrigins: [], allowedHosts: [], insecure: false, requireKey: false };

/** What a section says of access, over what stands otherwise. */
export function readAccess<V extends ListenValues>(values: SectionValues<V>, otherwise: AccessConfig): AccessConfig {
  return {
    corsOrigins: values.or("cors_origins", otherwise.corsOrigins),
    allowedHosts: values.or("allowed_hosts", otherwise.allowedHosts),
    insecure: values.or("insecure", otherwise.insecure),
    requireKey: values.or("require_key", otherwise.requireKey),
  };
}

interface NamedSection {
  readonly values: SectionValues<EndpointValues>;
  readonly place: Place;
  readonly title: string;
}

/** The endpoints that are to be listened on: `bind` of `[gaffer]` first, then the sections in file order. */
export function readEndpoints(
  documents: readonly ConfigDocument[],
  gaffer: SectionValues<GafferValues>,
  problems: ProblemList,
): EndpointConfig[] {
  return new EndpointsReader(gaffer, problems).read(documents);
}

class EndpointsReader {
  readonly #gaffer: SectionValues<GafferValues>;
  readonly #problems: ProblemList;
  readonly #sections = new Map<string, NamedSection>();
  /** Where each address is asked for. */
  readonly #taken = new Map<string, Place>();

  constructor(gaffer: SectionValues<GafferValues>, problems: ProblemList) {
    this.#gaffer = gaffer;
    this.#problems = problems;
  }

  read(documents: readonly ConfigDocument[]): EndpointConfig[] {
    for (const { sections, folder } of documents) {
      for (const section of sections) {
        if (section.kind !== "endpoint" || section.name === "") continue;
        const { place, title, name } = section;
        const known = this.#sections.get(name) ?? { values: new SectionValues(endpointKeys), place, title };
        known.values.add(section, folder);
        this.#sections.set(name, known);
      }
    }
    const main = this.#endpoint(MAIN_ENDPOINT, this.#gaffer);
    const same = main && this.#sections.get(MAIN_ENDPOINT);
    if (same) this.#problems.add(same.place, `${same.title}: bind of [gaffer] has that name already: choose another`);
    const named = this.#chosen().flatMap(([name, { values, place, title }]) => {
      const endpoint = this.#endpoint(name, values, () => this.#tls(values));
      if (endpoint === undefined && !values.has("bind"))
        this.#problems.add(place, `${title}: bind is missing: it takes host:port, :port or unix:/path`);
      return endpoint ?? [];
    });
    return main === undefined ? named : [main, ...named];
  }

  #chosen(): (readonly [string, NamedSection])[] {
    const wanted = this.#gaffer.get("http_endpoints");
    if (wanted === undefined || wanted.value.length === 0) return [...this.#sections];
    return [...new Set(wanted.value)].flatMap((name) => {
      const section = this.#sections.get(name);
      if (section !== undefined) return [[name, section] as const];
      if (this.#problems.isFull) return [];
      const near = didYouMean(name, this.#sections.keys());
      this.#problems.add(
        wanted.place,
        `http_endpoints has ${JSON.stringify(name)}: there is no [endpoint:${name}]${near}`,
      );
      return [];
    });
  }

  /** Undefined if it has no address. */
  #endpoint<V extends ListenValues>(
    name: string,
    values: SectionValues<V>,
    tls: () => TlsConfig = () => ({}),
  ): EndpointConfig | undefined {
    const given: Given<readonly Endpoint[]> | undefined = values.get("bind");
    if (given === undefined || given.value.length === 0) return undefined;
    return {
      name,
      bind: given.value.flatMap((endpoint) => this.#address(endpoint, given) ?? []),
      ...readAccess(values, readAccess(this.#gaffer, CLOSED)),
      socketMode: values.or("socket_mode", this.#gaffer.or("socket_mode", SOCKET_MODE)),
      socketGroup: values.or("socket_group", this.#gaffer.or("socket_group", undefined)),
      tls: tls(),
    };
  }

  #tls(values: SectionValues<EndpointValues>): TlsConfig {
    const bind = values.get("bind")?.value ?? [];
    for (const key of ["certfile", "cacert"] as const) {
      const given = bind.some(({ kind }) => kind === "tcp") ? undefined : values.get(key);
      if (given) this.#problems.add(given.place, `${key} is set, but a unix socket speaks no TLS: leave it out`);
    }
    return readTls(values, this.#problems);
  }

  #address(written: Endpoint, { folder, place }: Given<unknown>): Endpoint | undefined {
    try {
      const endpoint =
        written.kind === "unix" ? parseEndpoint(`unix:${resolve(folder, written.path)}`, "bind") : written;
      this.#checkTaken(endpoint, place);
      return endpoint;
    } catch (error) {
      if (!(error instanceof GafferError)) throw error;
      this.#problems.add(place, error.message.replace(/^Cannot use /, ""));
      return undefined;
    }
  }

  #checkTaken(endpoint: Endpoint, place: Place): void {
    // Port 0 is any free one, so it may be asked for many times.
    if (endpoint.kind === "tcp" && endpoint.port === 0) return;
    const address = endpointAddress(endpoint);
    const first = this.#taken.get(address);
    if (first)
      this.#problems.add(place, `bind ${formatEndpoint(endpoint)} is asked for at ${formatPlace(first)} already`);
    else this.#taken.set(address, place);
  }
}
