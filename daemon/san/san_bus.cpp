// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/san/san_bus.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <span>

namespace mpapi::san {

namespace {

// What the arguments of a method fill, in their order.
enum class Field : std::uint8_t {
    End,
    Disk,
    Unit,
    Array,
    Port,
    Initiator,
    Map,
    Name,
    Table,
    StatusText,
    Content,
    Serial,
    DesignatorText,
    State,
    Answer,
    Group,
    Size,
    Milliseconds,
    Announced,
    Rescanned,
    Operations,
    Operation,
    Page,
    Bytes,
};

struct Method {
    const char* name;
    Verb verb;
    std::array<Field, 5> fields;
};

constexpr std::array methods{
    Method{"PathLost", Verb::PathLost, {Field::Disk}},
    Method{"PathRestored", Verb::PathRestored, {Field::Disk}},
    Method{"PortLost", Verb::PortLost, {Field::Array, Field::Port}},
    Method{"PortRestored", Verb::PortRestored, {Field::Array, Field::Port}},
    Method{"CommandHangs", Verb::CommandHangs, {Field::Disk, Field::Operations}},
    Method{"CommandReleased", Verb::CommandReleased, {Field::Disk}},
    Method{"ArrayFailsOver", Verb::ArrayFailsOver, {Field::Array, Field::Milliseconds}},
    Method{"GroupState", Verb::GroupState, {Field::Array, Field::Unit, Field::Group, Field::State}},
    Method{"SetGroupsAnswer",
           Verb::SetGroupsAnswer,
           {Field::Array, Field::Answer, Field::Milliseconds}},
    Method{"LunReused",
           Verb::LunReused,
           {Field::Unit, Field::DesignatorText, Field::Serial, Field::Announced}},
    Method{"PathReused",
           Verb::PathReused,
           {Field::Disk, Field::DesignatorText, Field::Serial, Field::Announced}},
    Method{"SizeChanged", Verb::SizeChanged, {Field::Unit, Field::Size, Field::Announced}},
    Method{"UnitRemoved", Verb::UnitRemoved, {Field::Unit, Field::Rescanned}},
    Method{"UnitAdded", Verb::UnitAdded, {Field::Unit}},
    Method{"DiskOffline", Verb::DiskOffline, {Field::Disk}},
    Method{"DiskRemoved", Verb::DiskRemoved, {Field::Disk}},
    Method{"DiskAdded", Verb::DiskAdded, {Field::Unit, Field::Initiator, Field::Port}},
    Method{"DiskRescanned", Verb::DiskRescanned, {Field::Disk}},
    Method{"HostRemoved", Verb::HostRemoved, {Field::Initiator}},
    Method{"HostAdded", Verb::HostAdded, {Field::Initiator}},
    Method{"MapRemoved", Verb::MapRemoved, {Field::Map}},
    Method{"MapMade", Verb::MapMade, {Field::Unit, Field::Name}},
    Method{"MapRenamed", Verb::MapRenamed, {Field::Map, Field::Name}},
    Method{"MapSuspended", Verb::MapSuspended, {Field::Map}},
    Method{"MapResumed", Verb::MapResumed, {Field::Map}},
    Method{"MapHeld", Verb::MapHeld, {Field::Map}},
    Method{"MapIsSystem", Verb::MapIsSystem, {Field::Map}},
    Method{"MapReleased", Verb::MapReleased, {Field::Map}},
    Method{"MapIo", Verb::MapIo, {Field::Map}},
    Method{"MapText", Verb::MapText, {Field::Map, Field::Table, Field::StatusText}},
    Method{"MapContent", Verb::MapContent, {Field::Map, Field::Content}},
    Method{"Reply", Verb::Reply, {Field::Disk, Field::Operation, Field::Page, Field::Bytes}},
};

// A negative errno for a message that is broken, a Status for a value that is.
struct Reading {
    int result = 0;
    Status status = Done{};
};

int read_text(sd_bus_message* message, std::string& into) {
    const char* text = nullptr;
    const int result = sd_bus_message_read_basic(message, 's', &text);
    if (result > 0) into = text;
    return result;
}

int read_bytes(sd_bus_message* message, std::vector<std::uint8_t>& into) {
    const void* bytes = nullptr;
    std::size_t size = 0;
    const int result = sd_bus_message_read_array(message, 'y', &bytes, &size);
    if (result < 0) return result;
    const auto* first = static_cast<const std::uint8_t*>(bytes);
    into.assign(first, first + size);
    return 1;
}

int read_flag(sd_bus_message* message, bool& into) {
    int flag = 0;
    const int result = sd_bus_message_read_basic(message, 'b', &flag);
    into = flag != 0;
    return result;
}

template <typename T>
int read_number(sd_bus_message* message, char type, T& into) {
    return sd_bus_message_read_basic(message, type, &into);
}

Error invalid(const std::string& what, std::string reason) {
    return Error{"apply fault", what, std::move(reason), EINVAL};
}

Reading read_field(sd_bus_message* message, Field field, Fault& fault) {
    std::string text;
    int result = 0;
    switch (field) {
    case Field::End:
        return {};
    case Field::Disk:
        return {read_text(message, fault.disk)};
    case Field::Unit:
        return {read_text(message, fault.unit)};
    case Field::Array:
        return {read_text(message, fault.array)};
    case Field::Port:
        return {read_text(message, fault.port)};
    case Field::Initiator:
        return {read_text(message, fault.initiator)};
    case Field::Map:
        return {read_text(message, fault.map)};
    case Field::Table:
        return {read_text(message, fault.table)};
    case Field::StatusText:
        return {read_text(message, fault.status)};
    case Field::Content:
        return {read_text(message, fault.content)};
    case Field::Announced:
        return {read_flag(message, fault.announced)};
    case Field::Rescanned:
        return {read_flag(message, fault.rescanned)};
    case Field::Operations:
        return {read_bytes(message, fault.operations)};
    case Field::Operation:
        return {read_number(message, 'y', fault.operation)};
    case Field::Name:
        result = read_text(message, fault.name);
        if (fault.name.size() > 127 || fault.name.find_first_of("/ ") != std::string::npos)
            return {result, invalid(fault.name, "expected at most 127 characters, no blank and no "
                                                "slash")};
        return {result};
    case Field::Serial:
        result = read_text(message, fault.serial);
        if (fault.serial.size() > 250)
            return {result, invalid("serial", "expected at most 250 characters")};
        return {result};
    case Field::DesignatorText: {
        result = read_text(message, text);
        if (result <= 0) return {result};
        auto designator = parse_designator(text);
        if (!designator) return {result, invalid(text, designator.error().reason)};
        fault.designator = std::move(*designator);
        return {result};
    }
    case Field::State: {
        result = read_text(message, text);
        const auto state = access_state_named(text);
        if (result > 0 && !state)
            return {result, invalid(text, "expected an access state such as \"standby\"")};
        if (state) fault.state = *state;
        return {result};
    }
    case Field::Answer: {
        result = read_text(message, text);
        const auto& known = set_groups_answers();
        const auto answer = std::find_if(known.begin(), known.end(),
                                         [&](const auto& each) { return each.first == text; });
        if (result > 0 && answer == known.end())
            return {result, invalid(text, "expected an answer such as \"refused\"")};
        if (answer != known.end()) fault.answer = answer->second;
        return {result};
    }
    case Field::Group: {
        std::uint16_t group = 0;
        result = read_number(message, 'q', group);
        fault.group = group;
        return {result};
    }
    case Field::Size:
        result = read_number(message, 't', fault.size);
        if (fault.size == 0 || fault.size % block_size != 0 || fault.size > std::uint64_t{1} << 60)
            return {result, invalid("size", "expected whole blocks of 512 bytes")};
        return {result};
    case Field::Milliseconds: {
        std::uint32_t time = 0;
        result = read_number(message, 'u', time);
        fault.transition = std::chrono::milliseconds(time);
        return {result};
    }
    case Field::Page: {
        std::int16_t page = 0;
        result = read_number(message, 'n', page);
        if (page > 255 || page < -1)
            return {result, invalid("page", "expected a number from 0 to 255, or -1")};
        if (page >= 0) fault.page = static_cast<std::uint8_t>(page);
        return {result};
    }
    case Field::Bytes:
        result = read_bytes(message, fault.bytes);
        if (fault.bytes.size() > 65536)
            return {result, invalid("bytes", "expected at most 65536 bytes")};
        return {result};
    }
    return {-EINVAL};
}

int set_error(sd_bus_error* into, const Error& error) {
    const char* name = "org.mpapi.San1.Error.Failed";
    switch (error.errnum) {
    case ENOENT:
        name = "org.mpapi.San1.Error.NotFound";
        break;
    case EEXIST:
        name = "org.mpapi.San1.Error.Exists";
        break;
    case EBUSY:
        name = "org.mpapi.San1.Error.Busy";
        break;
    case EINVAL:
        name = "org.mpapi.San1.Error.InvalidArgument";
        break;
    default:
        break;
    }
    return sd_bus_error_set(into, name, error.message().c_str());
}

int apply(sd_bus_message* message, void* data, sd_bus_error* error) {
    const char* member = sd_bus_message_get_member(message);
    for (const Method& method : methods) {
        if (std::strcmp(method.name, member) != 0) continue;
        Fault fault;
        fault.verb = method.verb;
        for (const Field field : method.fields) {
            if (field == Field::End) break;
            const Reading reading = read_field(message, field, fault);
            if (reading.result < 0) return reading.result;
            if (!reading.status) return set_error(error, reading.status.error());
        }
        if (const auto status = static_cast<San*>(data)->apply(fault); !status)
            return set_error(error, status.error());
        return sd_bus_reply_method_return(message, "");
    }
    return -EINVAL;
}

// Answered when the storm is over.
int storm(sd_bus_message* message, void* data, sd_bus_error* error) {
    const char* disk = nullptr;
    std::uint32_t count = 0;
    const int result = sd_bus_message_read(message, "su", &disk, &count);
    if (result < 0) return result;
    const std::shared_ptr<sd_bus_message> call(sd_bus_message_ref(message), sd_bus_message_unref);
    const auto status = static_cast<San*>(data)->storm(disk, count, [call](const Status& ended) {
        if (ended) {
            (void)sd_bus_reply_method_return(call.get(), "");
            return;
        }
        sd_bus_error why{nullptr, nullptr, 0};
        (void)set_error(&why, ended.error());
        (void)sd_bus_reply_method_error(call.get(), &why);
        sd_bus_error_free(&why);
    });
    return status ? 1 : set_error(error, status.error());
}

int execute_command(sd_bus_message* message, void* data, sd_bus_error* error) {
    std::string initiator, array, port, unit;
    std::vector<std::uint8_t> cdb, out;
    std::uint32_t allocation = 0;
    int result = 0;
    for (auto* text : {&initiator, &array, &port, &unit})
        if (result = read_text(message, *text); result < 0) return result;
    for (auto* bytes : {&cdb, &out})
        if (result = read_bytes(message, *bytes); result < 0) return result;
    if (result = read_number(message, 'u', allocation); result < 0) return result;
    if (allocation > 1u << 20)
        return set_error(error, invalid("allocation", "expected at most 1048576 bytes"));
    std::vector<std::uint8_t> in(allocation);
    const auto reply = static_cast<San*>(data)->execute(initiator, array, port, unit, cdb, out, in);
    if (!reply) return set_error(error, reply.error());
    if (reply->error) return set_error(error, *reply->error);
    sd_bus_message* made = nullptr;
    if (result = sd_bus_message_new_method_return(message, &made); result < 0) return result;
    const BusMessage answer(made);
    result = sd_bus_message_append(made, "y", reply->status);
    if (result >= 0)
        result = sd_bus_message_append_array(made, 'y', reply->sense.data(), reply->sense.size());
    if (result >= 0) result = sd_bus_message_append_array(made, 'y', in.data(), reply->received);
    return result < 0 ? result : sd_bus_send(nullptr, made, nullptr);
}

int get_count(sd_bus*, const char*, const char*, const char* property, sd_bus_message* reply,
              void* data, sd_bus_error*) {
    const auto counts = static_cast<San*>(data)->counts();
    const std::string_view name(property);
    if (name == "Commands") return sd_bus_message_append(reply, "t", counts.commands);
    const auto count = name == "Disks"   ? counts.disks
                       : name == "Maps"  ? counts.maps
                       : name == "Units" ? counts.units
                                         : counts.hanging;
    return sd_bus_message_append(reply, "u", count);
}

int get_arrays(sd_bus*, const char*, const char*, const char*, sd_bus_message* reply, void* data,
               sd_bus_error*) {
    int result = sd_bus_message_open_container(reply, 'a', "s");
    for (const auto& array : static_cast<San*>(data)->arrays())
        if (result >= 0) result = sd_bus_message_append_basic(reply, 's', array.c_str());
    return result < 0 ? result : sd_bus_message_close_container(reply);
}

#define FAULT(name, ...)                                                                           \
    SD_BUS_METHOD_WITH_ARGS(name, SD_BUS_ARGS(__VA_ARGS__), SD_BUS_NO_RESULT, apply,               \
                            SD_BUS_VTABLE_UNPRIVILEGED)

const sd_bus_vtable vtable[] = {
    SD_BUS_VTABLE_START(0),
    FAULT("PathLost", "s", disk),
    FAULT("PathRestored", "s", disk),
    FAULT("PortLost", "s", array, "s", port),
    FAULT("PortRestored", "s", array, "s", port),
    FAULT("CommandHangs", "s", disk, "ay", operations),
    FAULT("CommandReleased", "s", disk),
    FAULT("ArrayFailsOver", "s", array, "u", transition_ms),
    FAULT("GroupState", "s", array, "s", unit, "q", group, "s", state),
    FAULT("SetGroupsAnswer", "s", array, "s", answer, "u", transition_ms),
    FAULT("LunReused", "s", unit, "s", designator, "s", serial, "b", announced),
    FAULT("PathReused", "s", disk, "s", designator, "s", serial, "b", announced),
    FAULT("SizeChanged", "s", unit, "t", size, "b", announced),
    FAULT("UnitRemoved", "s", unit, "b", rescanned),
    FAULT("UnitAdded", "s", unit),
    FAULT("DiskOffline", "s", disk),
    FAULT("DiskRemoved", "s", disk),
    FAULT("DiskAdded", "s", unit, "s", initiator, "s", port),
    FAULT("DiskRescanned", "s", disk),
    FAULT("HostRemoved", "s", initiator),
    FAULT("HostAdded", "s", initiator),
    FAULT("MapRemoved", "s", map),
    FAULT("MapMade", "s", unit, "s", name),
    FAULT("MapRenamed", "s", map, "s", name),
    FAULT("MapSuspended", "s", map),
    FAULT("MapResumed", "s", map),
    FAULT("MapHeld", "s", map),
    FAULT("MapIsSystem", "s", map),
    FAULT("MapReleased", "s", map),
    FAULT("MapIo", "s", map),
    FAULT("MapText", "s", map, "s", table, "s", status),
    FAULT("MapContent", "s", map, "s", content),
    FAULT("Reply", "s", disk, "y", operation, "n", page, "ay", bytes),
    SD_BUS_METHOD_WITH_ARGS("Storm", SD_BUS_ARGS("s", disk, "u", count), SD_BUS_NO_RESULT, storm,
                            SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD_WITH_ARGS("Execute",
                            SD_BUS_ARGS("s", initiator, "s", array, "s", port, "s", unit, "ay", cdb,
                                        "ay", data_out, "u", allocation),
                            SD_BUS_RESULT("y", status, "ay", sense, "ay", data_in), execute_command,
                            SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_PROPERTY("Arrays", "as", get_arrays, 0, SD_BUS_VTABLE_PROPERTY_CONST),
    SD_BUS_PROPERTY("Disks", "u", get_count, 0, 0),
    SD_BUS_PROPERTY("Maps", "u", get_count, 0, 0),
    SD_BUS_PROPERTY("Units", "u", get_count, 0, 0),
    SD_BUS_PROPERTY("Commands", "t", get_count, 0, 0),
    SD_BUS_PROPERTY("HangingCommands", "u", get_count, 0, 0),
    SD_BUS_VTABLE_END,
};

} // namespace

Result<std::unique_ptr<SanBus>> SanBus::create(sd_bus* bus, San& san) {
    std::unique_ptr<SanBus> served(new SanBus);
    sd_bus_slot* slot = nullptr;
    const int result = sd_bus_add_object_vtable(bus, &slot, bus_path, bus_interface, vtable, &san);
    if (result < 0) return Error{"serve", bus_interface, {}, -result};
    served->slot_.reset(slot);
    return served;
}

} // namespace mpapi::san
