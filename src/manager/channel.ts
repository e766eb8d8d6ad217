/** Called with the event's name inside the channel and what it tells. */
export type ChannelListener<Payload> = (event: string, payload: Payload) => void;

/** What `Manager.subscribe` gives for a topic. */
export interface Channel<Payload> {
  readonly topic: string;
  /** Calls back for one kind of event. */
  bind(event: string, listener: ChannelListener<Payload>): void;
  /** Calls back for every event of the channel. */
  bindAll(listener: ChannelListener<Payload>): void;
  /** Ends what {@link bind} began. */
  unbind(event: string, listener: ChannelListener<Payload>): void;
  /** Ends what {@link bindAll} began. */
  unbindAll(listener: ChannelListener<Payload>): void;
  /** Ends the channel. */
  close(): void;
}
