// What every client does: the study and the scenario, and how jobs are waited for.

import { readFileSync } from "node:fs";

export const base = process.env["BASE"]!;
export const credentials = {
  grant_type: "client_credentials",
  client_id: process.env["CLIENT_ID"]!,
  client_secret: process.env["CLIENT_SECRET"]!,
  audience: base,
};
export const study = new File([new Uint8Array(readFileSync(process.env["STUDY"]!))], "study.csv", {
  type: "text/csv",
});
export const conditions = {
  categorical: { segment: { Premium: 0.55, Mainstream: 0.35, Value: 0.1 } },
  numeric: { age: { min: 25, max: 44 } },
};

/** Ask until the job has ended, and fail unless it is completed. */
export async function ended(read: () => Promise<{ status: string }>): Promise<void> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const job = await read();
    if (job.status === "completed") return;
    if (!["queued", "processing"].includes(job.status) || Date.now() > deadline) {
      throw new Error(`the job is ${job.status}`);
    }
  }
}

/** Return what an answer holds, or fail with its problem. */
export function held<T>(answer: { data?: T | undefined; error?: unknown }): T {
  if (answer.data === undefined) throw new Error(JSON.stringify(answer.error));
  return answer.data;
}

/** Print what the test looks at. */
export function tell(columns: string[], rows: Blob, status: string): void {
  rows.arrayBuffer().then((bytes) => {
    const text = Buffer.from(bytes).toString();
    console.log(JSON.stringify({ columns, status, lines: text.trim().split("\n").length }));
  });
}
