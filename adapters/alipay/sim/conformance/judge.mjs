// The official SDK behind a pipe: one JSON request a line in, one JSON answer a
// line out. It decides nothing; what its answers mean is judged in Go.
import { createInterface } from 'node:readline';
import { readFileSync } from 'node:fs';
import { AlipaySdk } from 'alipay-sdk';

const configs = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const sdks = Object.fromEntries(Object.entries(configs).map(([ name, config ]) => [
  name, new AlipaySdk({ camelcase: false, timeout: 20_000, ...config }),
]));

const operations = {
  exec: (sdk, q) => sdk.exec(q.method, q.params, { validateSign: q.validate !== false }),
  curl: (sdk, q) => sdk.curl(q.http, q.path, q.options),
  page: (sdk, q) => sdk.pageExec(q.method, q.http, q.params),
  order: (sdk, q) => sdk.sdkExec(q.method, q.params),
  notify: (sdk, q) => sdk.checkNotifySignV2(q.fields),
  notifyOld: (sdk, q) => sdk.checkNotifySign(q.fields),
};

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  let answer;
  try {
    answer = { value: await operations[request.op](sdks[request.sdk], request) };
  } catch (error) {
    answer = { error: error.message, code: error.code, status: error.responseHttpStatus };
  }
  process.stdout.write(JSON.stringify(answer) + '\n');
}
