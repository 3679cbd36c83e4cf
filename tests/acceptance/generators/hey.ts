// The client of @hey-api/openapi-ts.

import { base, conditions, credentials, ended, held, study, tell } from "./flow.js";
import { client } from "./sdk/client.gen.js";
import * as api from "./sdk/sdk.gen.js";

client.setConfig({ baseUrl: base });
const token = held(await api.issueToken({ body: credentials }));
client.setConfig({ baseUrl: base, auth: token.access_token });

async function completed(job_id: string): Promise<void> {
  const asked = { path: { job_id }, query: { wait_seconds: 5 } };
  await ended(async () => held(await api.getJob(asked)));
}

const dataset = held(
  await api.createDataset({ body: { seed_file: study, display_name: "By hey-api" } }),
);
await completed(dataset.job_id);
const path = { dataset_id: dataset.dataset_id };
const schema = held(await api.getDatasetSchema({ path }));
const begun = held(
  await api.createGeneration({ path, body: { row_count: 100, output_format: "csv", conditions } }),
);
await completed(begun.job_id);
const generation = held(await api.getGeneration({ path: { generation_id: begun.generation_id } }));
const rows = held(
  await api.downloadArtifact({
    path: { generation_id: begun.generation_id },
    query: { token: generation.artifact_token! },
    parseAs: "blob",
  }),
);
tell(schema.schema.map((column) => column.name), rows as Blob, generation.report!.status);
