// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A namespace for processes, for tests of programs that start others and leave them behind:
// whatever was started in it ends with it, killed by the kernel (pid_namespaces(7)).
#pragma once

#include "common/result.hpp"

#include <functional>

namespace mpapi::rpc::test {

// What `body` returns, as the exit status of a process, called in a child that has namespaces of
// its own for processes, mounts and a network without anything. No process of it is left when this
// returns. Takes root and a process without threads.
Result<int> in_own_namespaces(const std::function<int()>& body);

} // namespace mpapi::rpc::test
