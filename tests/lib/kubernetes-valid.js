// SPDX-License-Identifier: Apache-2.0
// Says of each resource on standard input (a list, in JSON) whether the API would take it: types and
// what has to be there, by the validators of tests/lib/kubernetes-models; and keys that there are not,
// which an API server drops, or refuses where validation is strict. These are those that a validator
// does not look at, in an object of which it looks at others.
//
//   node kubernetes-valid.js DIRECTORY
"use strict";
const path = require("path");
const of = name => require(path.join(process.argv[2], "node_modules", name));

function watched(value, at, seen) {
  if (value === null || typeof value !== "object") return value;
  const keys = new Set();
  seen.push({ at, value, keys });
  const inner = {};
  return new Proxy(value, {
    get(target, key) {
      if (typeof key === "string") keys.add(key);
      if (typeof target[key] !== "object" || typeof key !== "string") return target[key];
      inner[key] = inner[key] || watched(target[key], at + "/" + key, seen);
      return inner[key];
    },
  });
}

function faults(one) {
  const api = one.apiVersion;
  const name = api.startsWith("monitoring.coreos.com/") ? "@kubernetes-models/prometheus-operator" : "kubernetes-models";
  const model = of(`${name}/${api}/${one.kind}`)[one.kind];
  const { validate } = of(`${name}/_schemas/${schemaOf(name, api, one.kind)}`);
  const seen = [];
  if (!model || !validate(watched(one, "", seen)))
    return validate.errors.map(e => `${e.instancePath} ${e.message || e.keyword + " " + JSON.stringify(e.params)}`);
  return seen.flatMap(({ at, value, keys }) =>
    keys.size === 0 || Array.isArray(value) ? [] : Object.keys(value).filter(key => !keys.has(key)).map(key => `${at}/${key} is not known`));
}

// the file of the validator, which the model's own file names
function schemaOf(name, api, kind) {
  const file = require.resolve(path.join(process.argv[2], "node_modules", name, api, kind + ".js"));
  return require("fs").readFileSync(file, "utf8").match(/_schemas\/(\w+)/)[1];
}

for (const one of JSON.parse(require("fs").readFileSync(0, "utf8"))) {
  let found;
  try {
    found = faults(one);
  } catch (e) {
    found = [e.code === "MODULE_NOT_FOUND" || e.code === "ENOENT" ? "is no kind that is known" : String(e)];
  }
  console.log(one.kind, found.length ? found.join("; ") : "ok");
}
