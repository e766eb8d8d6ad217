/** What a program that embeds gaffer, or a plugin, may import. */
export { ConsoleOutput, type ConsoleOutputOptions } from "./apps/console-output.ts";
export { processSignals, SigHandler, type SignalActions } from "./apps/signal-handler.ts";
export { GafferError, type ErrorCode } from "./base/gaffer-error.ts";
export { Procfile } from "./config/procfile.ts";
export { EmbeddedManager as Manager, type EmbeddingOptions } from "./host/embedded-manager.ts";
export { EmbeddedProcess as Process, type IoEvent, type IoListener } from "./host/embedded-process.ts";
export type { App } from "./manager/app.ts";
export type { Channel, ChannelListener } from "./manager/channel.ts";
export { EventEmitter, type Listener } from "./manager/event-emitter.ts";
export type { EventKind, GafferEvent } from "./manager/gaffer-event.ts";
export type { JobConfig } from "./manager/job-config.ts";
export type { JobSettings } from "./manager/job-settings.ts";
export type { JobStatus, ProcessInfo, SlotStatus } from "./manager/job-status.ts";
export type { Operation, Report } from "./manager/operation.ts";
export { ProcessConfig } from "./manager/process-config.ts";
export type { ProcessState } from "./manager/process-state.ts";
