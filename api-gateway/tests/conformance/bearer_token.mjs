// Adds a token to every request of the conformance suite, which has no option for one.

import { subscribe } from "node:diagnostics_channel";

subscribe("undici:request:create", ({ request }) => {
  request.addHeader("authorization", `Bearer ${process.env.MESH_TOKEN}`);
});
