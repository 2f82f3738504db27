// Runs programs one after the other: a JSON list of their texts on standard input, on standard output what
// each has printed, or the status that it was refused with.

import dns from "node:dns";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { json } from "node:stream/consumers";
import { fileURLToPath, pathToFileURL } from "node:url";
import { format } from "node:util";

// Every name leads here.
const { lookup } = dns;
dns.lookup = (_, ...more) => lookup("127.0.0.1", ...more);

let lines;
console.log = (...values) => lines.push(format(...values));

/** Runs the program that a module holds. */
async function run(file) {
  lines = [];
  try {
    await import(pathToFileURL(file));
  } catch (error) {
    if (error.status === undefined) throw error;
    return error.status;
  }
  return lines.join("\n");
}

// Modules look for others beside and above themselves.
const folder = await mkdtemp(fileURLToPath(new URL("programs-", import.meta.url)));
const answers = [];
try {
  for (const [index, program] of (await json(process.stdin)).entries()) {
    const file = join(folder, `${index}.mjs`);
    await writeFile(file, program);
    answers.push(await run(file));
  }
} finally {
  await rm(folder, { recursive: true });
}
process.stdout.write(JSON.stringify(answers));
