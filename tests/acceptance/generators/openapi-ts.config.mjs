// Modules of Node name the files that they import with their extension.

export default {
  input: "./openapi.json",
  output: { path: "./sdk", module: { extension: ".js" } },
};
