import Engine
import Keyspace
import Primitives
import RESP

extension Administration {
    static var debug: CommandDeclaration {
        CommandDeclaration(
            "debug", arity: -2, [.admin, .noScript, .loading, .stale], group: .server, since: "1.0.0",
            complexity: "Depends on subcommand.", summary: "Tools for those who test and debug the server.",
            syntax: "subcommand [argument [argument ...]]", debug)
    }

    private static func debug(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        guard context.configuration.process.debugCommand.allows(context.session.identity.peer) else {
            throw context.failure(
                "ERR DEBUG command not allowed. If the enable-debug-command option is set to \"local\", you can run it "
                    + "from a local connection, otherwise you need to set this option in the configuration file, "
                    + "and then restart the server.")
        }
        let subcommand = arguments[1].text.lowercased()
        if try debugValue(subcommand, &context, arguments) { return .done }
        switch (subcommand, arguments.count) {
        case ("help", 2): debugHelp(&context)
        case ("set-active-expire", 3):
            context.host.debug.isExpiryActive = try context.integer(arguments[2]).value != 0
            context.reply.ok()
        case ("sleep", 3):
            guard let seconds = arguments[2].double, seconds >= 0, seconds < 1e6 else { throw .notFloat }
            context.requests.sleepMicroseconds = min(1 << 40, context.requests.sleepMicroseconds + Int64(seconds * 1_000_000))
            context.reply.ok()
        case ("object", 3), ("object", 4): try debugObject(&context, arguments[2])
        case ("sdslen", 3): try debugStringLength(&context, arguments[2])
        case ("protocol", 3): try debugProtocol(&context, arguments[2].text.lowercased())
        case ("populate", 3...5): try debugPopulate(&context, arguments)
        case ("error", 3): throw context.failure(bytes: arguments[2].array)
        case ("log", 3):
            context.requests.logLines.append("DEBUG LOG: " + arguments[2].text)
            context.reply.ok()
        case ("htstats", 3), ("htstats", 4): try debugTables(&context, arguments[2])
        case ("stringmatch-len", 4):
            let text = [UInt8](repeating: 97, count: Int(max(0, min(1 << 20, try context.integer(arguments[2]).value))))
            context.reply.flag(Glob.matches(arguments[3], text.rawSpan))
        default:
            throw context.failure(
                bytes: [UInt8]("ERR unknown subcommand or wrong number of arguments for '")
                    + arguments[1].slice(0, min(128, arguments[1].byteCount)).array + [UInt8]("'. Try DEBUG HELP."))
        }
        return .done
    }

    private static func debugHelp(_ context: inout CommandContext) {
        context.replyHelp(
            "DEBUG",
            [
                "ERROR <string>", "    Answer with <string> as an error.",
                "HTSTATS <dbid>", "    Show how full the tables of a database are.",
                "LOG <message>", "    Write <message> to the server's log.",
                "OBJECT <key>", "    Show how the value of <key> is held.",
                "POPULATE <count> [<prefix>] [<size>]", "    Create <count> string keys named <prefix>:<number>.",
                "PROTOCOL <type>", "    Answer with a value of the given reply type.",
                "SDSLEN <key>", "    Show the lengths and capacities of key and value.",
                "SET-ACTIVE-EXPIRE <0|1>", "    Switch the active removal of expired keys.",
                "SLEEP <seconds>", "    Stop the whole server for <seconds>, fractions allowed.",
                "STRINGMATCH-LEN <length> <pattern>", "    Match a string of <length> letters with <pattern>.",
            ] + debugValueHelp)
    }

    private static func debugObject(_ context: inout CommandContext, _ key: RawSpan) throws(CommandError) {
        guard let entry = context.lookupWrite(key).entry else { throw .noSuchKey }
        let address = entry.addressText
        context.reply.status(
            [UInt8](
                "Value at:\(address) refcount:1 encoding:\(entry.encoding.name) "
                    + "serializedlength:\(entry.stringCount + 1) lru:\(entry.access.raw) "
                    + "lru_seconds_idle:\(entry.access.idleSeconds(at: context.now))"
            ).rawSpan)
    }

    private static func debugStringLength(_ context: inout CommandContext, _ key: RawSpan) throws(CommandError) {
        guard let entry = context.lookupWrite(key).entry else { throw .noSuchKey }
        guard entry.isString, entry.integer == nil else { throw context.failure("ERR Not an sds encoded string.") }
        context.reply.status(
            [UInt8](
                "key_sds_len:\(key.byteCount), key_sds_avail:0, key_zmalloc: \(entry.memoryUsage), "
                    + "val_sds_len:\(entry.stringCount), val_sds_avail:0, val_zmalloc: \(entry.memoryUsage)"
            ).rawSpan)
    }

    private static func debugTables(_ context: inout CommandContext, _ word: RawSpan) throws(CommandError) {
        guard let number = word.canonicalInteger else { throw .notInteger }
        guard number >= 0, number < Int64(context.databaseCount) else {
            throw context.failure("ERR Out of range database")
        }
        let index = DatabaseIndex(Int(number))
        let tables = context.tableStatistics(index)
        func lines(_ title: String, _ buckets: Int, _ elements: Int) -> String {
            let fill = buckets > 0 ? Double(elements) / Double(buckets * 7) : 0
            return "[\(title)]\n buckets: \(buckets)\n elements: \(elements)\n fill: \(twoDecimals(fill))\n"
        }
        let text =
            lines("Dictionary HT", tables.keys, context.keyCount(index))
            + lines("Expires HT", tables.expiring, context.expiringKeyCount(index))
        context.reply.verbatim([UInt8](text).rawSpan, format: "txt")
    }

    /// More keys than that are taken for a slip: they would stop the server for hours.
    private static var populationLimit: Int64 { 1 << 32 }

    private static func debugPopulate(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) {
        let notPositive = "ERR value is out of range, must be positive"
        guard let count = arguments[2].canonicalInteger, count >= 0, count <= populationLimit else {
            throw context.failure(notPositive)
        }
        let prefix = arguments.count > 3 ? arguments[3].array : [UInt8]("key")
        var size = 0
        if arguments.count > 4 {
            guard let wanted = arguments[4].canonicalInteger, wanted >= 0 else { throw context.failure(notPositive) }
            size = Int(wanted)
        }
        try context.checkStringCount(size)
        for i in 0..<count {
            let key = prefix + [58] + [UInt8](String(i))
            let slot = context.lookupWrite(key.rawSpan)
            guard slot.entry == nil else { continue }
            var value = [UInt8]("value:\(i)")
            if size > 0 { value = Array(value.prefix(size)) + [UInt8](repeating: 0, count: max(0, size - value.count)) }
            context.setString(key.rawSpan, slot, value.rawSpan, .clear)
            context.keyModified(key.rawSpan, KeyEvent("set", .string))
        }
        context.effects.suppress()
        context.reply.ok()
    }

    /// One reply of each type; the values are those that client test suites expect.
    private static func debugProtocol(_ context: inout CommandContext, _ type: String) throws(CommandError) {
        switch type {
        case "string": context.reply.bulk("Hello World")
        case "integer": context.reply.integer(12345)
        case "double": context.reply.double(3.141)
        case "null": context.reply.null()
        case "array":
            context.reply.array(3)
            for i in 0..<3 { context.reply.integer(i) }
        case "set":
            context.reply.set(3)
            for i in 0..<3 { context.reply.integer(i) }
        case "map":
            context.reply.map(3)
            for i in 0..<3 {
                context.reply.integer(i)
                context.reply.boolean(i == 1)
            }
        case "attrib":
            if context.reply.version == .resp3 {
                context.reply.attribute(1)
                context.reply.bulk("key-popularity")
                context.reply.array(2)
                context.reply.bulk("key:123")
                context.reply.integer(90)
            }
            context.reply.bulk("Some real reply following the attribute")
        case "push":
            guard context.reply.version == .resp3 else { throw context.failure("ERR RESP2 is not supported by this command") }
            context.reply.push(2)
            context.reply.bulk("server-cpu-usage")
            context.reply.integer(42)
            context.reply.bulk("Some real reply following the push reply")
        case "true": context.reply.boolean(true)
        case "false": context.reply.boolean(false)
        case "verbatim": context.reply.verbatim(RawSpan(literal: "This is a verbatim\nstring"), format: "txt")
        case "bignum": context.reply.bigNumber(RawSpan(literal: "1234567999999999999999999999999999999"))
        default:
            throw context.failure(
                "ERR Wrong protocol type name. Please use one of the following: "
                    + "string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false")
        }
    }
}
