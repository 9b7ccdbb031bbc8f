// SPDX-License-Identifier: LGPL-2.1-or-later
#include "failover/firewall/rule_set.hpp"

#include "failover/firewall/expression.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

namespace mpapi::failover::firewall {

namespace {

constexpr unsigned kDeepest = 16;           // jumps; the kernel's NFT_JUMP_STACK_SIZE
constexpr std::size_t kMostSteps = 500'000; // statements and elements looked at for one packet
constexpr int kDeepestJson = 64;
constexpr std::size_t kLongestName = 256; // NFT_NAME_MAXLEN
constexpr char kTooLong[] = "the rule set is too long to be judged";

// Family, table, name.
using Key = std::tuple<std::string, std::string, std::string>;

struct Chain {
    Key key;
    std::string hook; // empty: no base chain
    std::vector<std::string> devices;
    std::int64_t priority = 0;
    bool drops = false; // its policy
    std::vector<const Json*> rules;

    std::string text() const {
        return std::get<0>(key) + " " + std::get<1>(key) + " " + std::get<2>(key);
    }
};

std::string text_at(const Json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

bool lists(const Json& object, const char* key, std::string_view word) {
    const auto found = object.find(key);
    if (found == object.end()) return false;
    if (found->is_string()) return found->get_ref<const std::string&>() == word;
    return found->is_array() && std::any_of(found->begin(), found->end(), [&](const Json& each) {
               return each.is_string() && each.get_ref<const std::string&>() == word;
           });
}

} // namespace

struct RuleSet::Content {
    Json json; // what the pointers below point into
    std::map<Key, Chain> chains;
    std::map<Key, const Json*> elements; // of sets and maps
    std::vector<const Chain*> bases;     // in the order in which a packet meets them
    bool bridged = false;                // there are rules for bridges

    void read_chain(const Json& object);
};

namespace {

enum class End : std::uint8_t { Accepted, Dropped, Returned };

// NF_IP_PRI_CONNTRACK: before it, and perhaps at it, a packet's state is "invalid".
bool follows_tracking(const Chain& base) {
    return base.hook == "input" || (base.hook == "prerouting" && base.priority > -200);
}

// One packet's way through the chains.
class Walk {
  public:
    Walk(const std::map<Key, Chain>& chains, const std::map<Key, const Json*>& elements,
         const Packet& packet)
      : chains_(chains)
      , elements_(elements)
      , scene_{packet, Scene::kNew} {}

    // False: dropped, or perhaps so; the reason is kept.
    bool passes(const Chain& base) {
        scene_.of_device = std::get<0>(base.key) == "netdev";
        scene_.tracked = follows_tracking(base);
        switch (through(base, 0)) {
        case End::Accepted:
            return true;
        case End::Dropped:
            return false;
        case End::Returned:
            break;
        }
        if (base.drops) reason_ = base.text() + ": policy drop";
        return !base.drops;
    }

    const std::string& reason() const { return reason_; }

    // The same packet, as if it came by another interface.
    Walk by(const Packet& packet) const {
        Walk other(chains_, elements_, packet);
        other.scene_.ct_state = scene_.ct_state;
        return other;
    }

  private:
    // Of one verdict, or of a statement that has none.
    enum class Next : std::uint8_t { Statement, Rule, Accept, Drop, Return };

    End through(const Chain& chain, unsigned depth);
    Next statement(const Chain& chain, const std::string& kind, const Json& body, bool last,
                   bool& certain, unsigned depth);
    Next verdict(const Chain& chain, const std::string& kind, const Json& body, bool certain,
                 unsigned depth);
    Next verdict_map(const Chain& chain, const Json& body, bool certain, unsigned depth);
    Next dropped(const Chain& chain, const std::string& why) {
        reason_ = chain.text() + ": " + why;
        return Next::Drop;
    }
    Elements elements_of(const Chain& chain) const {
        return [this, &chain](const std::string& name) -> const Json* {
            const auto found =
                elements_.find({std::get<0>(chain.key), std::get<1>(chain.key), name});
            return found == elements_.end() ? nullptr : found->second;
        };
    }
    bool step() { return ++steps_ <= kMostSteps; }

    const std::map<Key, Chain>& chains_;
    const std::map<Key, const Json*>& elements_;
    Scene scene_;
    std::size_t steps_ = 0;
    bool may_return_ = false; // from the chain that is walked
    std::string reason_;
};

End Walk::through(const Chain& chain, unsigned depth) {
    const bool before = std::exchange(may_return_, false);
    End end = End::Returned;
    for (const Json* rule : chain.rules) {
        bool certain = true;
        Next next = Next::Statement;
        if (!step()) {
            dropped(chain, kTooLong);
            end = End::Dropped;
            break;
        }
        const auto expressions = rule->find("expr");
        if (expressions == rule->end() || !expressions->is_array()) continue;
        for (std::size_t i = 0; i < expressions->size() && next == Next::Statement; ++i) {
            const Json& each = (*expressions)[i];
            if (!step()) {
                next = dropped(chain, kTooLong);
                break;
            }
            // {"drop": null}; a few statements print several keys or a bare word.
            if (each.is_object() && !each.empty())
                next = statement(chain, each.begin().key(), each.begin().value(),
                                 i + 1 == expressions->size(), certain, depth);
            else
                next = dropped(chain, "a statement is not understood");
        }
        if (next == Next::Drop) {
            end = End::Dropped;
            break;
        }
        if (next == Next::Accept || next == Next::Return) {
            end = next == Next::Accept ? End::Accepted : End::Returned;
            break;
        }
    }
    // It may have returned earlier: what comes after the jump has to let the packet in too.
    const bool returned = std::exchange(may_return_, before);
    return returned && end == End::Accepted ? End::Returned : end;
}

Walk::Next Walk::statement(const Chain& chain, const std::string& kind, const Json& body, bool last,
                           bool& certain, unsigned depth) {
    const auto is = [&](std::initializer_list<std::string_view> names) {
        return std::find(names.begin(), names.end(), kind) != names.end();
    };
    if (kind == "match") {
        switch (match(body, scene_, elements_of(chain), [this] { return step(); })) {
        case Truth::False:
            return Next::Rule;
        case Truth::Unknown:
            certain = false;
            break;
        case Truth::True:
            break;
        }
        return Next::Statement;
    }
    if (kind == "vmap") return verdict_map(chain, body, certain, depth);
    if (is({"accept", "drop", "reject", "return", "continue", "jump", "goto"}))
        return verdict(chain, kind, body, certain, depth);
    if (is({"counter", "log", "last", "comment", "secmark", "ct helper", "ct timeout",
            "ct expectation", "dup", "flow", "snat", "masquerade"}))
        return Next::Statement;
    if (kind == "notrack") {
        scene_.ct_state.reset(); // untracked, or new where this did not apply
        return Next::Statement;
    }
    if (kind == "mangle") {
        // Marks and priorities are not known in any case.
        const auto key = body.is_object() ? body.find("key") : body.end();
        const bool mark = body.is_object() && key != body.end() && key->is_object() &&
                          (key->contains("meta") || key->contains("ct"));
        return mark ? Next::Statement : dropped(chain, "a rule may change the packet");
    }
    // What a counter of packets decides; and what iptables-nft has no words for, a match or, at the
    // end of a rule, a target.
    if (is({"limit", "quota", "ct count", "meter", "set", "map"}) || (kind == "xt" && !last)) {
        certain = false;
        return Next::Statement;
    }
    return dropped(chain, "a rule ends in \"" + kind.substr(0, 32) + "\"");
}

Walk::Next Walk::verdict(const Chain& chain, const std::string& kind, const Json& body,
                         bool certain, unsigned depth) {
    if (kind == "accept") return certain ? Next::Accept : Next::Rule;
    if (kind == "drop" || kind == "reject")
        return dropped(chain,
                       certain ? "a rule says " + kind : "a rule that may apply says " + kind);
    if (kind == "return") {
        if (certain) return Next::Return;
        may_return_ = true;
        return Next::Rule;
    }
    if (kind == "continue") return Next::Rule;
    const std::string target = body.is_object() ? text_at(body, "target") : "";
    const auto found = chains_.find({std::get<0>(chain.key), std::get<1>(chain.key), target});
    if (found == chains_.end()) return dropped(chain, "a rule leads to no chain");
    if (depth >= kDeepest) return dropped(chain, "jumps are too deep to be judged");
    const End end = through(found->second, depth + 1);
    if (end == End::Dropped) return Next::Drop;
    if (end == End::Accepted) return certain ? Next::Accept : Next::Rule;
    if (kind == "jump") return Next::Rule;
    // What is gone to returns to where this chain was called from.
    if (certain) return Next::Return;
    may_return_ = true;
    return Next::Rule;
}

Walk::Next Walk::verdict_map(const Chain& chain, const Json& body, bool certain, unsigned depth) {
    const auto key = body.is_object() ? body.find("key") : body.end();
    const auto data = body.is_object() ? body.find("data") : body.end();
    if (!body.is_object() || key == body.end() || data == body.end())
        return dropped(chain, "a map of verdicts is not understood");
    const Elements named = elements_of(chain);
    const Json* list = nullptr;
    if (data->is_string() && data->get_ref<const std::string&>().starts_with('@'))
        list = named(data->get_ref<const std::string&>().substr(1));
    else if (data->is_object() && data->contains("set"))
        list = &data->at("set");
    if (!list || !list->is_array()) return dropped(chain, "a map of verdicts is not understood");
    const Value value = value_of(*key, scene_);
    if (value.kind == Value::Kind::Absent) return Next::Rule;
    const Json* otherwise = nullptr;
    // Each that may be the one, until one is.
    for (const Json& element : *list) {
        if (!step()) return dropped(chain, kTooLong);
        if (!element.is_array() || element.size() != 2 || !element[1].is_object() ||
            element[1].size() != 1)
            return dropped(chain, "a map of verdicts is not understood");
        if (is_catchall(element[0])) {
            otherwise = &element[1];
            continue;
        }
        const Truth truth = equal_key(value, element[0], named, [this] { return step(); });
        if (truth == Truth::False) continue;
        const bool sure = certain && truth == Truth::True;
        const Next next =
            verdict(chain, element[1].begin().key(), element[1].begin().value(), sure, depth);
        if (truth == Truth::True || next == Next::Drop) return next;
    }
    return otherwise ? verdict(chain, otherwise->begin().key(), otherwise->begin().value(), certain,
                               depth)
                     : Next::Rule;
}

} // namespace

namespace {

constexpr std::array<std::string_view, 3> kHooks{"ingress", "prerouting", "input"};

// nullopt where a name is missing or no kernel would have it.
std::optional<Key> key_of(const Json& object, const char* name) {
    Key key{text_at(object, "family"), text_at(object, "table"), text_at(object, name)};
    for (const std::string& part : {std::get<0>(key), std::get<1>(key), std::get<2>(key)})
        if (part.empty() || part.size() > kLongestName) return std::nullopt;
    return key;
}

// {"set": {"op": "add", "elem": ..., "set": "@name"}}, and as much of maps.
void add_sets_changed_by(const Json& rule, std::set<Key>& changing) {
    const auto expressions = rule.find("expr");
    if (expressions == rule.end() || !expressions->is_array()) return;
    for (const Json& each : *expressions)
        for (const char* kind : {"set", "map"}) {
            if (!each.is_object()) continue;
            const auto statement = each.find(kind);
            if (statement == each.end() || !statement->is_object()) continue;
            const std::string name = text_at(*statement, kind);
            if (name.starts_with('@'))
                changing.insert({text_at(rule, "family"), text_at(rule, "table"), name.substr(1)});
        }
}

std::size_t place_of(const Chain& chain) {
    return static_cast<std::size_t>(std::find(kHooks.begin(), kHooks.end(), chain.hook) -
                                    kHooks.begin());
}

std::vector<std::string> devices_of(const Json& chain) {
    const auto found = chain.find("dev");
    std::vector<std::string> devices;
    if (found == chain.end()) return devices;
    if (found->is_string()) devices.push_back(found->get<std::string>());
    if (found->is_array())
        for (const Json& each : *found)
            if (each.is_string()) devices.push_back(each.get<std::string>());
    return devices;
}

bool concerns(const Chain& chain, const Packet& packet) {
    const std::string& family = std::get<0>(chain.key);
    const bool v4 = packet.destination.v4();
    if (family == (v4 ? "ip6" : "ip")) return false;
    // libnftables 1.0.6 does not say of which devices a chain is: of any, then.
    if (chain.hook != kHooks[0] || chain.devices.empty()) return true;
    return std::any_of(chain.devices.begin(), chain.devices.end(), [&](std::string device) {
        const bool open = device.ends_with('*');
        if (open) device.pop_back();
        return open ? packet.adapter.starts_with(device) : packet.adapter == device;
    });
}

} // namespace

void RuleSet::Content::read_chain(const Json& object) {
    auto key = key_of(object, "name");
    if (!key) return;
    Chain chain;
    chain.key = std::move(*key);
    chain.hook = text_at(object, "hook");
    chain.devices = devices_of(object);
    const auto priority = object.find("prio");
    if (priority != object.end() && priority->is_number_integer())
        chain.priority = priority->get<std::int64_t>();
    chain.drops = text_at(object, "policy") == "drop";
    chains.emplace(chain.key, std::move(chain));
}

Result<RuleSet> RuleSet::parse(std::string_view json) {
    const auto wrong = [](const char* why) { return Error{"read", "nftables rule set", why}; };
    if (json.size() > kMostBytes) return wrong("it is larger than 8 MiB");
    bool deep = false;
    auto content = std::make_unique<Content>();
    content->json = Json::parse(
        json,
        [&](int depth, Json::parse_event_t, Json&) {
            deep = deep || depth > kDeepestJson;
            return depth <= kDeepestJson;
        },
        false);
    if (deep) return wrong("it is nested too deeply");
    if (!content->json.is_object()) return wrong("expected an object");
    const auto list = content->json.find("nftables");
    if (list == content->json.end() || !list->is_array())
        return wrong("expected a list \"nftables\"");

    std::vector<std::pair<std::string, std::string>> dormant; // tables, by family and name
    const auto each_of = [&](const char* kind, const auto& use) {
        for (const Json& object : *list) {
            if (!object.is_object()) continue;
            const auto found = object.find(kind);
            if (found != object.end() && found->is_object()) use(*found);
        }
    };
    each_of("table", [&](const Json& table) {
        if (lists(table, "flags", "dormant"))
            dormant.emplace_back(text_at(table, "family"), text_at(table, "name"));
    });
    each_of("chain", [&](const Json& chain) { content->read_chain(chain); });
    each_of("rule", [&](const Json& rule) {
        const auto key = key_of(rule, "chain");
        const auto chain = key ? content->chains.find(*key) : content->chains.end();
        if (chain != content->chains.end()) chain->second.rules.push_back(&rule);
    });
    std::set<Key> changing;
    each_of("rule", [&](const Json& rule) { add_sets_changed_by(rule, changing); });
    for (const char* kind : {"set", "map"})
        each_of(kind, [&](const Json& set) {
            static const Json none = Json::array();
            const auto key = key_of(set, "name");
            const auto found = set.find("elem");
            // What is in it at this moment says nothing. libnftables 1.0.6 does not tell this flag.
            if (lists(set, "flags", "dynamic") || (key && changing.contains(*key))) return;
            if (key) content->elements.emplace(*key, found == set.end() ? &none : &*found);
        });
    for (const auto& [key, chain] : content->chains) {
        const std::string& family = std::get<0>(key);
        if (place_of(chain) == kHooks.size() || family == "arp") continue;
        if (std::find(dormant.begin(), dormant.end(), std::pair(family, std::get<1>(key))) !=
            dormant.end())
            continue;
        if (family == "bridge")
            content->bridged = content->bridged || chain.drops || !chain.rules.empty();
        else
            content->bases.push_back(&chain);
    }
    std::stable_sort(
        content->bases.begin(), content->bases.end(), [](const Chain* a, const Chain* b) {
            return std::pair(place_of(*a), a->priority) < std::pair(place_of(*b), b->priority);
        });
    return RuleSet(std::move(content));
}

RuleSet::RuleSet(std::unique_ptr<const Content> content)
  : content_(std::move(content)) {}
RuleSet::RuleSet(RuleSet&&) noexcept = default;
RuleSet& RuleSet::operator=(RuleSet&&) noexcept = default;
RuleSet::~RuleSet() = default;

Judgement RuleSet::judge(const Packet& packet, const std::string& vrf) const {
    if (content_->bridged) return {false, "rules for bridges are not judged"};
    const auto all_pass = [&](Walk& walk, const Packet& by, const auto& hooks) {
        return std::all_of(content_->bases.begin(), content_->bases.end(), [&](const Chain* base) {
            return !hooks(base->hook) || !concerns(*base, by) || walk.passes(*base);
        });
    };
    Walk walk(content_->chains, content_->elements, packet);
    if (!all_pass(walk, packet,
                  [&](const std::string& hook) { return vrf.empty() || hook != "input"; }))
        return {false, walk.reason()};
    if (vrf.empty()) return {true, ""};
    Packet routed = packet;
    routed.adapter = vrf;
    Walk again = walk.by(routed);
    if (!all_pass(again, routed, [](const std::string& hook) { return hook != "ingress"; }))
        return {false, again.reason()};
    return {true, ""};
}

} // namespace mpapi::failover::firewall
