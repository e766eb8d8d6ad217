import type { Received } from "./webhook-receiver.ts";

/** Verifies signatures as a receiver in Python would, by its own hmac: nothing of ours takes part. */
const script = `
import base64, hashlib, hmac, json, sys
for line in sys.stdin:
    r = json.loads(line)
    key = r["secret"]
    key = base64.b64decode(key[6:] + "==") if key.startswith("whsec_") else key.encode()
    h = r["headers"]
    text = h["webhook-id"] + "." + h["webhook-timestamp"] + "." + r["body"]
    made = base64.b64encode(hmac.new(key, text.encode(), hashlib.sha256).digest()).decode()
    print(json.dumps(hmac.compare_digest("v1," + made, h.get("webhook-signature", ""))))
`;

/** Whether each request is signed by a secret, in their order. */
export async function signedBy(secret: string, received: readonly Received[]): Promise<boolean[]> {
  const lines = received.map(({ headers, body }) => JSON.stringify({ secret, headers, body }));
  const child = Bun.spawn(["/usr/bin/env", "python3", "-c", script], {
    stdio: [Buffer.from(`${lines.join("\n")}\n`), "pipe", "inherit"],
  });
  const [text, code] = await Promise.all([child.stdout.text(), child.exited]);
  if (code !== 0) throw new Error(`python3 ended with ${code}`);
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) === true);
}
