// What a shop in TypeScript writes against the generated types: it must compile as it stands.
import type { components, paths } from './api'

type Create = components['schemas']['CreatePayment']
type Answer = paths['/v1/payments']['post']['responses']['201']['content']['application/json']

const least: Create = {
  merchant_order_no: 'A-1',
  platform: 'wechat',
  amount_fen: 12800,
  subject: '明前龙井',
  goods: [{ id: 'tea', name: '明前龙井', category: 'physical', quantity: 1, price_fen: 12800 }],
}
const device: Create['client'] = { ip: '203.0.113.7', os: 'ios' }
export const whole: Create = { ...least, client: device, expires_in_seconds: 900 }

export function next(answer: Answer): string | undefined {
  return answer.action === null ? undefined : answer.action.url
}
