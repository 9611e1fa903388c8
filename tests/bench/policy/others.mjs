// SPDX-License-Identifier: Apache-2.0
// Decides the same requests with casbin or cedar-wasm: node others.mjs casbin|cedar WORKLOAD.json LIMIT. Prints one line of 0 and 1, then
// figures as JSON. Both are given what speeds them up: Cedar's policies are parsed once, Casbin's conditions are compiled functions.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const require = createRequire(process.env.MODULES + "/");
const [, , engine, file, limit] = process.argv;
const load = JSON.parse(readFileSync(file, "utf8"));
const requests = load.requests.slice(0, Number(limit));

const holds = (c, q) => {
  if (c === null) return true;
  const value = (x) => (typeof x === "string" && /^(subject|resource|context)\./.test(x) ? q[x.split(".")[0]][x.split(".")[1]] : x);
  switch (c[0]) {
    case "and": return c.slice(1).every((p) => holds(p, q));
    case "not": return !holds(c[1], q);
    case "eq": return value(c[1]) === value(c[2]);
    case "le": return value(c[1]) <= value(c[2]);
    case "ge": return value(c[1]) >= value(c[2]);
    case "in": return c[2].includes(value(c[1]));
    default: throw new Error("operator " + c[0]);
  }
};

async function casbin() {
  const { newEnforcer, newModelFromString } = require("casbin");
  const model = newModelFromString(`
[request_definition]
r = q
[policy_definition]
p = number, eft
[policy_effect]
e = some(where (p.eft == allow)) && !some(where (p.eft == deny))
[matchers]
m = applies(r.q, p.number)
`);
  const enforcer = await newEnforcer(model);
  await enforcer.addPolicies(load.rules.map((r, i) => [String(i), r.effect === "permit" ? "allow" : "deny"]));
  const acts = load.rules.map((r) => new Set(r.actions));
  enforcer.addFunction("applies", (q, number) => {
    const rule = load.rules[number];
    if (!acts[number].has(q.do)) return false;
    if (rule.role !== null) {
      const units = q.held[rule.role];
      if (units === undefined) return false;
      if (rule.effect === "permit" && !(rule.scope === "unit" ? units.includes(q.resource.unit) : q.resource.up.some((u) => units.includes(u)))) return false;
    }
    return holds(rule.when, q) && (rule.that === null || !holds(rule.that, q));
  });
  return async (q) => enforcer.enforce(q);
}

const cedarTerm = (c) => {
  const value = (x) => (typeof x !== "string" ? JSON.stringify(x) : /^(subject|resource|context)\./.test(x) ? x.replace("subject.", "principal.") : JSON.stringify(x));
  switch (c[0]) {
    case "and": return "(" + c.slice(1).map(cedarTerm).join(" && ") + ")";
    case "not": return "!" + cedarTerm(c[1]);
    case "eq": return `(${value(c[1])} == ${value(c[2])})`;
    case "le": return `(${value(c[1])} <= ${value(c[2])})`;
    case "ge": return `(${value(c[1])} >= ${value(c[2])})`;
    case "in": return `([${c[2].map((x) => JSON.stringify(x)).join(",")}].contains(${value(c[1])}))`;
    default: throw new Error("operator " + c[0]);
  }
};

function cedar() {
  const wasm = require("@cedar-policy/cedar-wasm/nodejs");
  const text = load.rules.map((r) => {
    const parts = [];
    if (r.role !== null) {
      const held = `principal.held has ${r.role}`;
      const covers = r.scope === "unit" ? `principal.held.${r.role}.contains(resource.unit)` : `resource.up.containsAny(principal.held.${r.role})`;
      parts.push(r.effect === "permit" ? `(${held} && ${covers})` : `(${held})`);
    }
    if (r.when !== null) parts.push(cedarTerm(r.when));
    if (r.that !== null) parts.push("!" + cedarTerm(r.that));
    const when = parts.length ? ` when { ${parts.join(" && ")} }` : "";
    const actions = r.actions.map((a) => `Action::${JSON.stringify(a)}`).join(",");
    return `${r.effect === "permit" ? "permit" : "forbid"}(principal, action in [${actions}], resource)${when};`;
  }).join("\n");
  const parsed = wasm.preparsePolicySet("bench", { staticPolicies: text });
  if (parsed.type !== "success") throw new Error(JSON.stringify(parsed).slice(0, 2000));
  return async (q) => {
    const answer = wasm.statefulIsAuthorized({
      principal: { type: "User", id: q.subject.id }, action: { type: "Action", id: q.do }, resource: { type: "Thing", id: "x" }, context: q.context,
      preparsedPolicySetId: "bench",
      entities: [
        { uid: { type: "User", id: q.subject.id }, attrs: { ...q.subject, held: q.held }, parents: [] },
        { uid: { type: "Thing", id: "x" }, attrs: q.resource, parents: [] },
      ],
    });
    if (answer.type !== "success" || answer.response.diagnostics.errors.length) throw new Error(JSON.stringify(answer).slice(0, 2000));
    return answer.response.decision === "allow";
  };
}

const decide = engine === "casbin" ? await casbin() : cedar();
for (const q of requests.slice(0, 20)) await decide(q);
let bits = "";
const times = [];
const cpu = process.cpuUsage();
const start = process.hrtime.bigint();
for (const q of requests) {
  const before = process.hrtime.bigint();
  bits += (await decide(q)) ? "1" : "0";
  times.push(Number(process.hrtime.bigint() - before));
}
const wall = Number(process.hrtime.bigint() - start) / 1e9;
const used = process.cpuUsage(cpu);
times.sort((a, b) => a - b);
const at = (p) => times[Math.min(times.length - 1, Math.floor(times.length * p))];
console.log(bits);
console.log(JSON.stringify({ count: requests.length, wall, cpu: (used.user + used.system) / 1e6, p50: at(0.5), p99: at(0.99) }));
