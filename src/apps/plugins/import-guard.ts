import { dirname, isAbsolute } from "node:path";
import { refuseForeignFile } from "./trusted-code.ts";

/** Where the modules of this very program lie. @see Bun, "Single-file executable" */
const OURS = "/$bunfs/";

let isOn = false;
/** Asking where a module lies asks us again. */
let isAsking = false;

/**
 * Looks from now on at every module that is imported or required, by whatever way, before it is read: who could have written it decides
 * what we run.
 *
 * @param uid - our user. The import of a file that is not safe fails with the {@link GafferError} `forbidden`.
 */
export function guardImports(uid: number): void {
  if (isOn) return;
  isOn = true;
  Bun.plugin({
    name: "import guard",
    setup(build) {
      build.onResolve({ filter: /.*/, namespace: "file" }, ({ path, importer }) => {
        if (!isAsking && !path.startsWith(OURS)) checkImport(path, { importer, uid });
        return undefined;
      });
    },
  });
}

function checkImport(path: string, { importer, uid }: { readonly importer: string; readonly uid: number }): void {
  const file = placeOf(path, importer);
  if (file !== undefined && isAbsolute(file) && !file.startsWith(OURS)) refuseForeignFile(file, uid);
}

/** Where a module lies; undefined = nowhere, which the import itself says best. */
function placeOf(path: string, importer: string): string | undefined {
  isAsking = true;
  try {
    return Bun.resolveSync(path, dirname(importer));
  } catch {
    return undefined;
  } finally {
    isAsking = false;
  }
}
