/** Where it is told what plugins do and what goes wrong with them. */
export interface PluginLog {
  readonly error: (text: string) => void;
  readonly warn: (text: string) => void;
  readonly info: (text: string) => void;
}
