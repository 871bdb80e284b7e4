// Package alipaysetup registers Alipay with the program, and makes applications there of what a
// configuration file says.
//
// It reads key files, joins their texts with an account's settings, and hands both to the wire. The
// server and the commands that look at keys and messages make their applications here, so that what
// "doctor" finds is what the server would meet. It holds the one list of Alipay's channels, says
// what an exchange means to those who watch over the line, and knows no orders.
package alipaysetup
