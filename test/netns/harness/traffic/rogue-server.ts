/** A TLS server with any certificate, which never welcomes: `rogue-server.ts HOST PORT CERT KEY CA`. */
import { readFileSync } from "node:fs";
import { createServer } from "node:tls";

const [host = "", port = "", cert = "", key = "", ca = ""] = process.argv.slice(2);
// Also keys that OpenSSL's own defaults refuse.
const ciphers = "DEFAULT@SECLEVEL=0";
const options = {
  ciphers,
  cert: readFileSync(cert),
  key: readFileSync(key),
  ca: readFileSync(ca),
  ALPNProtocols: ["sssonector/1"],
};
createServer({ ...options, requestCert: true, rejectUnauthorized: false }, (socket) => {
  socket.on("error", () => undefined).resume();
})
  .on("tlsClientError", () => undefined)
  .listen(Number(port), host, () => console.log("listening"));
