// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Reads objects through libMPAPI into plain values; nothing else of mpathadm does. One call of a
// function here is one call of the API, or one for each member of a list.
#pragma once

#include "cli/answer.hpp"
#include "cli/objects.hpp"

#include <unordered_map>
#include <vector>

namespace mpapi::cli {

Answer<std::vector<MP_OID>> plugin_oids();
Answer<std::vector<MP_OID>> initiator_port_oids(const MP_OID& plugin);
Answer<std::vector<MP_OID>> unit_oids(const MP_OID& plugin);
Answer<std::vector<MP_OID>> device_product_oids(const MP_OID& plugin);
Answer<std::vector<MP_OID>> load_balance_oids(const MP_OID& plugin);
Answer<std::vector<MP_OID>> path_oids(const MP_OID& unit);
Answer<std::vector<MP_OID>> group_oids(const MP_OID& unit);
Answer<std::vector<MP_OID>> target_port_oids(const MP_OID& group);
Answer<std::vector<MP_OID>> units_of_group(const MP_OID& group);

Answer<Plugin> read_plugin(const MP_OID&);
Answer<DeviceProduct> read_device_product(const MP_OID&);
Answer<LoadBalance> read_load_balance(const MP_OID&);
Answer<InitiatorPort> read_initiator_port(const MP_OID&);
Answer<TargetPort> read_target_port(const MP_OID&);
Answer<TargetPortGroup> read_group(const MP_OID&);
Answer<Path> read_path(const MP_OID&);
Answer<LogicalUnit> read_unit(const MP_OID&);

// Ports are few and shared by many paths: each is read once.
class Ports {
  public:
    const InitiatorPort* initiator(const MP_OID& oid); // nullptr: it could not be read
    const TargetPort* target(const MP_OID& oid);

  private:
    template <typename Port>
    using Book = std::unordered_map<MP_OID, std::optional<Port>, OidHash, SameOid>;

    Book<InitiatorPort> initiators_;
    Book<TargetPort> targets_;
};

} // namespace mpapi::cli
