// One file for Airflow's server to hand out. React, Chakra and the router are the host's own, so that the pages follow its
// theme, its dark mode and its addresses; the versions in package.json are the host's.
import { defineConfig, esmExternalRequirePlugin } from "vite";

/** Package -> the name under which Airflow's page has it. */
const globals = {
  react: "React",
  "react-dom": "ReactDOM",
  "react/jsx-runtime": "ReactJSXRuntime",
  "react-router-dom": "ReactRouterDOM",
  "@chakra-ui/react": "ChakraUI",
  "@emotion/react": "EmotionReact",
};

export default defineConfig({
  plugins: [esmExternalRequirePlugin({ external: Object.keys(globals) })],
  define: { "process.env.NODE_ENV": '"production"' },
  build: {
    target: "es2022",
    outDir: "../airflow_provider_harness/plugins/ui/dist",
    emptyOutDir: false,
    lib: { entry: "src/index.tsx", name: "Harness", formats: ["umd"], fileName: () => "main.js" },
    rolldownOptions: { output: { globals, exports: "default" } },
  },
});
