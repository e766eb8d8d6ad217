/** What Bun itself needs: a server that publishes each event to all, and does nothing else. Says its port. */
const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch: (request, self) => {
    if (request.method === "GET") return self.upgrade(request) ? undefined : new Response("no", { status: 426 });
    const data = { topic: "EVENTS", event: "start", name: "default.a", time: Date.now(), seq: 1 };
    self.publish("EVENTS", JSON.stringify({ event: "gaffer:event", data }));
    return Response.json({ ok: true });
  },
  websocket: {
    backpressureLimit: 1 << 18,
    message: (socket) => {
      socket.subscribe("EVENTS");
      socket.send(JSON.stringify({ event: "gaffer:subscription_success", topic: "EVENTS" }));
    },
  },
});
process.stdout.write(`${server.port}\n`);
