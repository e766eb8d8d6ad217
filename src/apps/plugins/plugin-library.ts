/** The name by which a plugin imports gaffer. */
export const LIBRARY = "gaffer";

let isOffered = false;

/**
 * Makes `import … from "gaffer"` give this very program's library, wherever the module that imports it lies and whatever package of that
 * name lies beside it.
 *
 * @param load - gives the library; called once, as it costs memory that a daemon without plugins need not have.
 */
export async function offerLibrary(load: () => Promise<object>): Promise<void> {
  if (isOffered) return;
  isOffered = true;
  // Loaded beforehand, so that a CommonJS module may require() it.
  const exports = await load();
  Bun.plugin({
    name: LIBRARY,
    setup(build) {
      build.module(LIBRARY, () => ({ loader: "object", exports: { ...exports } }));
    },
  });
}
