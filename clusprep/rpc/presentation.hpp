// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The presentation contexts of one connection: which interface a p_cont_id means (C706 12.6.3.1).
//
// NDR 2.0 is the only transfer syntax. An item that offers only others, NDR64 among them, is
// rejected by itself (2/2). An item whose transfer syntax is the bind-time feature UUID is no
// context but a question for features, answered by 3 and those that we have (MS-RPCE 2.2.2.14).
#pragma once

#include "clusprep/rpc/interface.hpp"
#include "clusprep/rpc/pdu.hpp"

#include <functional>
#include <map>

namespace mpapi::rpc {

class PresentationContexts {
  public:
    // Null for an interface that is not offered.
    using Find = std::function<Interface*(const SyntaxId&)>;

    PresentationContexts(std::size_t most, Find find)
      : most_(most)
      , find_(std::move(find)) {}

    // One result for each item, in order.
    std::vector<ContextResult> negotiate(const std::vector<ContextItem>& items);
    Interface* find(std::uint16_t id) const;

  private:
    ContextResult negotiate(const ContextItem& item);

    std::size_t most_;
    Find find_;
    std::map<std::uint16_t, Interface*> contexts_;
};

} // namespace mpapi::rpc
