// Package alipaysetup makes applications at Alipay of what a configuration file says.
//
// It reads key files, joins their texts with an account's settings, and hands both to the wire. The
// server and the commands that look at keys and messages make their applications here, so that what
// "doctor" finds is what the server would meet. It knows no orders and no channels.
package alipaysetup
