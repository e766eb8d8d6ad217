/** The baseline for a request: a server that answers all of them with the same text. `bare-http BYTES` prints its port. */
const body = JSON.stringify({ text: "x".repeat(Number(process.argv[2]) - '{"text":""}'.length) });

const { port } = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  development: false,
  fetch: () => new Response(body, { headers: { "content-type": "application/json;charset=utf-8" } }),
});
console.log(port);
