// The types of openapi-typescript, with openapi-fetch.

import createClient from "openapi-fetch";

import { base, conditions, credentials, ended, held, study, tell } from "./flow.js";
import type { paths } from "./schema.js";

const api = createClient<paths>({ baseUrl: base });
const token = held(await api.POST("/oauth/token", { body: credentials }));
api.use({
  onRequest({ request }) {
    request.headers.set("Authorization", `Bearer ${token.access_token}`);
  },
});

async function completed(job_id: string): Promise<void> {
  const params = { path: { job_id }, query: { wait_seconds: 5 } };
  await ended(async () => held(await api.GET("/v1/jobs/{job_id}", { params })));
}

const dataset = held(
  await api.POST("/v1/datasets", {
    body: {
      seed_file: study as unknown as string, // the types know no files
      display_name: "By openapi-fetch",
      wait_seconds: 0,
      privacy: "standard",
    },
    bodySerializer: (body) => {
      const form = new FormData();
      for (const [name, value] of Object.entries<unknown>(body)) {
        form.append(name, value instanceof Blob ? value : String(value));
      }
      return form;
    },
  }),
);
await completed(dataset.job_id);
const of_dataset = { path: { dataset_id: dataset.dataset_id } };
const schema = held(await api.GET("/v1/datasets/{dataset_id}/schema", { params: of_dataset }));
const begun = held(
  await api.POST("/v1/datasets/{dataset_id}/generations", {
    params: of_dataset,
    body: { row_count: 100, output_format: "csv", wait_seconds: 0, conditions },
  }),
);
await completed(begun.job_id);
const path = { generation_id: begun.generation_id };
const generation = held(await api.GET("/v1/generations/{generation_id}", { params: { path } }));
const rows = held(
  await api.GET("/v1/generations/{generation_id}/artifact", {
    params: { path, query: { token: generation.artifact_token! } },
    parseAs: "blob",
  }),
);
tell(schema.schema.map((column) => column.name), rows as Blob, generation.report!.status);
