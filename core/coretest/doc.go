// Package coretest is the outside world of core as tests want it: a clock that moves when told, and
// ids that count, so that what a test shows can be read.
//
// It knows core's interfaces and nothing else. Fakes of stores and channels are storetest and
// channeltest.
package coretest
