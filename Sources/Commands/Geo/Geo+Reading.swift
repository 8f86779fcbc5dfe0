// GEOPOS, GEOHASH and GEODIST.

import Engine
import Keyspace
import Primitives
import RESP
import Structures

extension Geo {
    private static func reading(
        _ name: StaticString, arity: Int, complexity: StaticString = "O(1) for each member", summary: StaticString,
        syntax: StaticString, history: KeyValuePairs<StaticString, StaticString> = [:], _ handler: @escaping Handler
    ) -> CommandDeclaration {
        CommandDeclaration(
            name, arity: arity, [.readonly], .geo, keys: [.key(1, [.readOnly, .access])], group: .geo, since: "3.2.0",
            complexity: complexity, summary: summary, syntax: syntax, history: history, handler)
    }

    static var readingDeclarations: [CommandDeclaration] {
        [
            reading(
                "geopos", arity: -2, summary: "Returns longitude and latitude of members.", syntax: "key [member ...]", geopos),
            reading(
                "geohash", arity: -2, summary: "Returns the places of members as geohash strings.", syntax: "key [member ...]",
                geohash),
            reading(
                "geodist", arity: -4, complexity: "O(1)", summary: "Returns the distance between two members.",
                syntax: "key member1 member2 [unit: M | KM | FT | MI]", geodist),
        ]
    }

    static func geopos(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        let entry = try context.sortedSetForReading(arguments[1])
        context.reply.array(arguments.count - 2)
        for index in 2..<arguments.count {
            if let score = entry?.score(of: arguments[index]) {
                context.reply.coordinates(GeoCoordinates(score: score))
            } else {
                context.reply.nullArray()
            }
        }
        return .done
    }

    static func geohash(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        let entry = try context.sortedSetForReading(arguments[1])
        context.reply.array(arguments.count - 2)
        for index in 2..<arguments.count {
            if let score = entry?.score(of: arguments[index]) {
                let letters = GeoCoordinates(score: score).letters
                context.reply.bulk(letters.indices.map { letters[$0] })
            } else {
                context.reply.null()
            }
        }
        return .done
    }

    static func geodist(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        guard arguments.count <= 5 else { throw .syntax }
        let unit = arguments.count == 5 ? try GeoUnit(arguments[4], &context) : .meter
        let entry = try context.sortedSetForReading(arguments[1])
        guard let first = entry?.score(of: arguments[2]), let second = entry?.score(of: arguments[3]) else {
            context.reply.null()
            return .done
        }
        let origin = GeoOrigin(GeoCoordinates(score: first))
        context.reply.distance(origin.distance(to: GeoCoordinates(score: second)) / unit.meters)
        return .done
    }
}
