// SPDX-License-Identifier: LGPL-2.1-or-later
#include "clusprep/client/report.hpp"

#include "common/text/hex.hpp"

#include <nlohmann/json.hpp>

namespace mpapi::client {
namespace {

using Json = nlohmann::ordered_json;

Json to_json(const Value& value) {
    return std::visit(
        [](const auto& held) -> Json {
            using Held = std::decay_t<decltype(held)>;
            if constexpr (std::is_same_v<Held, std::monostate>)
                return nullptr;
            else if constexpr (std::is_same_v<Held, std::vector<std::uint8_t>>)
                return hex_of(held);
            else
                return held;
        },
        value);
}

std::string line(const Json& document) {
    const bool ascii = true; // what a terminal obeys is no more than text there
    return document.dump(-1, ' ', ascii, Json::error_handler_t::replace) + "\n";
}

} // namespace

std::string json(const Report& report, const ShownAs& as) {
    Json document = {{"schema", "clusprep-1"}, {"command", as.command}, {"node", as.node}};
    for (const Fact& fact : report.facts)
        if (!fact.name.empty()) document[fact.name] = to_json(fact.value);
    for (const List& list : report.lists) {
        Json rows = Json::array();
        for (const auto& row : list.rows) {
            Json object = Json::object();
            for (std::size_t i = 0; i < row.size(); ++i)
                if (!list.columns[i].name.empty())
                    object[list.columns[i].name] = to_json(row[i].value);
            rows.push_back(std::move(object));
        }
        document[list.name] = std::move(rows);
    }
    return line(document);
}

std::string json(const Failure& failure, const std::string& command) {
    const auto or_null = [](const std::string& text) { return text.empty() ? Json() : Json(text); };
    // "0x8007139F ERROR_INVALID_STATE"
    const std::string code = failure.kind == Failure::Kind::Fault ? "" : code_text(failure);
    const std::size_t blank = code.find(' ');
    return line({{"schema", "clusprep-1"},
                 {"command", command},
                 {"error", name(failure.kind)},
                 {"text", text(failure)},
                 {"node", or_null(failure.node)},
                 {"method", or_null(failure.method)},
                 {"hresult", or_null(code.substr(0, blank))},
                 {"name", or_null(blank == std::string::npos ? "" : code.substr(blank + 1))},
                 {"fault", failure.kind == Failure::Kind::Fault ? Json(failure.code) : Json()},
                 {"nextStep", or_null(next_step(failure))}});
}

} // namespace mpapi::client
