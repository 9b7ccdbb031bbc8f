// SPDX-License-Identifier: LGPL-2.1-or-later
//
// `clusprepd account add|remove|list`: the node's own accounts, changed by root.
#pragma once

#include "common/result.hpp"

#include <iosfwd>
#include <string>

namespace CLI {
class App;
}

namespace mpapi::rpc {

class AccountCommand {
  public:
    static constexpr const char* kDefaultFile = "/var/lib/clusprep/accounts";

    // Declares the subcommand. Both must live until it has run.
    explicit AccountCommand(CLI::App& app);

    // After the arguments were parsed: whether it is this subcommand that was asked for.
    bool asked() const;
    // Its exit status. Names go to `out`, what went wrong and what to do now to `err`.
    int run(std::ostream& out, std::ostream& err) const;

  private:
    int add(std::ostream& err) const;
    int remove(std::ostream& err) const;
    int list(std::ostream& out, std::ostream& err) const;

    CLI::App* account_ = nullptr;
    CLI::App* add_ = nullptr;
    CLI::App* remove_ = nullptr;
    CLI::App* list_ = nullptr;
    std::string file_ = kDefaultFile;
    std::string name_;
    int password_fd_ = -1;
};

} // namespace mpapi::rpc
