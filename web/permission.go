package web

// Permission is what a route demands of the key that calls it.
type Permission string

// The permissions. Every route declares one; PermNone has to be written out too, so that nothing is
// public by omission (W02).
const (
	// PermNone: no key: gateways, buyers and probes, which prove themselves otherwise or learn
	// nothing.
	PermNone   Permission = "none"
	PermRead   Permission = "read"   // look at the merchant's own objects
	PermPay    Permission = "pay"    // create, go on elsewhere, close, inquire
	PermRefund Permission = "refund" // ask for money to go back
	// PermApprove: let another actor's refund go, or not; keep a buyer's late money.
	PermApprove Permission = "approve"
	// PermOperate: what operators may, on the admin listener; no role of a merchant holds it.
	PermOperate Permission = "operate"
)

// Permissions lists the permissions that a role can hold.
func Permissions() []Permission { return []Permission{PermRead, PermPay, PermRefund, PermApprove} }

// Role is what an API key may do, as configuration names it.
type Role string

// The roles.
const (
	RoleAdmin    Role = "admin"
	RoleCashier  Role = "cashier"
	RoleViewer   Role = "viewer"
	RoleApprover Role = "approver"
	// RoleOperator belongs to whoever runs paymux, and to no merchant.
	RoleOperator Role = "operator"
)

// Roles lists the roles that a merchant's key can have.
func Roles() []Role { return []Role{RoleAdmin, RoleCashier, RoleViewer, RoleApprover} }

// May tells whether the role holds the permission. An unknown role holds none. That an admin may
// approve does not let one approve one's own refund: core compares the actors.
func (r Role) May(p Permission) bool {
	switch r {
	case RoleAdmin:
		return p == PermRead || p == PermPay || p == PermRefund || p == PermApprove
	case RoleCashier:
		return p == PermRead || p == PermPay || p == PermRefund
	case RoleViewer:
		return p == PermRead
	case RoleApprover:
		return p == PermRead || p == PermApprove
	case RoleOperator:
		return p == PermOperate
	default:
		return false
	}
}
