// DEBUG PROTOCOL, with which clients test what they understand.

import Engine
import Primitives
import RESP

extension Administration {
    /// One reply of each type; the values are those that client test suites expect.
    static func debugProtocol(_ context: inout CommandContext, _ type: String) throws(CommandError) {
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
