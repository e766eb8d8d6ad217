/** `bare-http BODY`: answers every request with this constant; says its port. */
const [body = "{}"] = process.argv.slice(2);
const headers = { "content-type": "application/json;charset=utf-8" };
const server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response(body, { headers }) });
console.log(server.port);
