// A web process: listens on the port gaffer gave it and says when it is asked something.
import { createServer } from "node:http";

const { PORT, PS, GREETING } = process.env;

const server = createServer((request, response) => {
  console.log(`${request.method} ${request.url}`);
  response.end(`${GREETING}, this is ${PS}\n`);
});

server.listen(Number(PORT), "127.0.0.1", () => console.log(`listening on http://127.0.0.1:${PORT}`));
