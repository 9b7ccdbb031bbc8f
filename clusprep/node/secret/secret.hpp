// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The cluster secret (MS-CSVP 3.8.1) in a file that only this host can read: encrypted with its
// credential key (systemd-creds(1)), which a program with the right to it does (mpapi-seal);
// this one has not. The secret itself is in no file. Loop thread only.
#pragma once

#include "clusprep/interfaces/node.hpp"

#include <deque>
#include <functional>
#include <memory>
#include <string>

namespace mpapi::node {

class Secret final : public csvp::SecretStore {
  public:
    // systemd-creds reads 1152 KiB of what it wrote, as base64.
    static constexpr std::size_t kMostBytes = std::size_t{768} << 10;

    enum class Direction : char { Seal = 'E', Unseal = 'D' };
    // Calls back once, before it returns or later; never when the Secret is gone by then.
    using Sealer = std::function<void(Direction, std::string bytes,
                                      std::function<void(Result<std::string>)> done)>;

    // `file`: in a directory that only this user writes to.
    Secret(std::string file, Sealer sealer);
    ~Secret() override;
    Secret(const Secret&) = delete;
    Secret& operator=(const Secret&) = delete;

    // Operations are carried out in the order in which they were asked for.
    void store(std::span<const std::uint8_t> secret, csvp::Completion<Done> done) override;
    void retrieve(csvp::Completion<std::optional<std::vector<std::uint8_t>>> done) override;
    // That there is none any more.
    void remove(csvp::Completion<Done> done);

  private:
    using Operation = std::function<void()>;

    void submit(Operation operation);
    void next();
    template <typename T>
    void end(const csvp::Completion<T>& done, csvp::Outcome<T> outcome);

    std::string file_;
    Sealer sealer_;
    std::deque<Operation> waiting_;
    bool busy_ = false;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

} // namespace mpapi::node
