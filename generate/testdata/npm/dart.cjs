// Parses Dart files with the grammar of tree-sitter. Prints a line for each
// fault, and the number of nodes.
const { readFileSync } = require("fs");
const { createRequire } = require("module");
const load = createRequire(process.argv[2] + "/");
const Parser = load("@sengac/tree-sitter");
const parser = new Parser();
parser.setLanguage(load("@sengac/tree-sitter-dart"));
for (const file of process.argv.slice(3)) {
  let nodes = 0;
  const visit = (node) => {
    nodes++;
    if (node.type === "ERROR" || node.isMissing) console.log(`FAULT ${file}:${node.startPosition.row + 1}: ${node.text.slice(0, 80)}`);
    node.children.forEach(visit);
  };
  visit(parser.parse(readFileSync(file, "utf8"), undefined, { bufferSize: 1 << 20 }).rootNode);
  console.log(`${nodes} nodes`);
}
