// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A secret goes through many buffers on its way, of the connection, the stub, the strings of NDR,
// the question to mpapi-seal, and each leaves the bytes behind in the heap where it grew or ended.
// So a program that links this has all memory cleared as `delete` gives it back, from the first
// secret on; before that nothing is paid for it.
#pragma once

namespace mpapi::node {

// From any thread; there is no way back.
void wipe_freed_memory();

} // namespace mpapi::node
