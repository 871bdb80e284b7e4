// Times the official SDK on the work that our own benchmarks do, and prints the
// quickest of many runs in nanoseconds, one JSON line.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';

const [ sdkFolder, inputFile ] = process.argv.slice(2);
const { AlipaySdk } = createRequire(`${sdkFolder}/`)('alipay-sdk');
const input = JSON.parse(readFileSync(inputFile, 'utf8'));
const sdk = new AlipaySdk({
  appId: input.app_id, privateKey: input.private_key, alipayPublicKey: input.public_key,
  gateway: 'https://gateway.invalid/gateway.do', camelcase: false,
});

function quickest(runs, work) {
  let best = Infinity;
  for (let i = 0; i < runs; i++) {
    const start = process.hrtime.bigint();
    work();
    best = Math.min(best, Number(process.hrtime.bigint() - start));
  }
  return best;
}

const results = {
  sign: quickest(500, () => sdk.pageExec('alipay.trade.wap.pay', 'GET', { bizContent: input.wap_pay, notifyUrl: input.notify_url })),
  notification: quickest(5000, () => {
    if (!sdk.checkNotifySignV2(Object.fromEntries(new URLSearchParams(input.notification)))) throw new Error('not verified');
  }),
  response: quickest(5000, () => {
    const { sign } = JSON.parse(input.response);
    sdk.checkResponseSign(input.response, 'alipay_trade_query_response', sign, '');
  }),
};
process.stdout.write(JSON.stringify(results) + '\n');
