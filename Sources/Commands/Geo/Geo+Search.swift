// GEOSEARCH and GEOSEARCHSTORE, and what all searches have in common.

import Engine
import Keyspace
import Primitives
import RESP
import Structures

extension Geo {
    static var searchDeclarations: [CommandDeclaration] {
        [
            CommandDeclaration(
                "geosearch", arity: -7, [.readonly], .geo, keys: [.key(1, [.readOnly, .access])], group: .geo, since: "6.2.0",
                complexity: searchComplexity, summary: "Returns members in a circle, a box or a polygon.",
                syntax: """
                    key [from: FROMMEMBER member | FROMLONLAT <fromlonlat: longitude latitude>] \
                    <by: <circle: BYRADIUS radius <unit: M | KM | FT | MI>> \
                    | <box: BYBOX <width> height <unit: M | KM | FT | MI>> \
                    | <polygon@9.0.0: BYPOLYGON num-vertices=integer <vertices: longitude latitude> ...>> \
                    [order: ASC | DESC] [count-block: COUNT count [ANY]] [WITHCOORD] [WITHDIST] [WITHHASH]
                    """,
                history: searchHistory, geosearch),
            CommandDeclaration(
                "geosearchstore", arity: -8, [.write, .denyOOM], .geo,
                keys: [.key(1, [.overwrite, .update]), .key(2, [.readOnly, .access])], group: .geo, since: "6.2.0",
                complexity: searchComplexity, summary: "Stores members in a circle, a box or a polygon.",
                syntax: """
                    destination source [from: FROMMEMBER member | FROMLONLAT <fromlonlat: longitude latitude>] \
                    <by: <circle: BYRADIUS radius <unit: M | KM | FT | MI>> \
                    | <box: BYBOX <width> height <unit: M | KM | FT | MI>> \
                    | <polygon@9.0.0: BYPOLYGON num-vertices=integer <vertices: longitude latitude> ...>> \
                    [order: ASC | DESC] [count-block: COUNT count [ANY]] [STOREDIST]
                    """,
                history: searchHistory, geosearchstore),
        ]
    }

    private static var searchComplexity: StaticString {
        "O(N+log(M)) for N members in the cells of the grid around the area and M members in it"
    }

    private static var searchHistory: KeyValuePairs<StaticString, StaticString> {
        ["7.0.0": "Added support for uppercase unit names.", "9.0.0": "Added support for the BYPOLYGON option."]
    }

    static func geosearch(_ context: inout CommandContext, _ arguments: borrowing Arguments) throws(CommandError) -> Outcome {
        try search(.search, event: "geosearchstore", &context, arguments)
    }

    static func geosearchstore(
        _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        try search(.searchStore, event: "geosearchstore", &context, arguments)
    }

    static func search(
        _ form: GeoSearchForm, event: StaticString, _ context: inout CommandContext, _ arguments: borrowing Arguments
    ) throws(CommandError) -> Outcome {
        let entry = try context.sortedSetForReading(arguments[form.sourceKey])
        let query = try GeoQuery(form, arguments, entry, &context)
        guard let entry, let shape = query.shape else {
            if let target = query.target {
                context.store(sortedSet: SortedSet(seed: context.hashSeed), arguments[target], SortedSets.event(event))
            } else {
                context.reply.array(0)
            }
            return .done
        }
        if let target = query.target {
            var result = SortedSet(seed: context.hashSeed)
            let found = findings(query, shape, entry)
            found.forEach { result.add($0, query.storesDistance ? $2 : $1) }
            context.store(sortedSet: result, arguments[target], SortedSets.event(event))
        } else if query.order == .none {
            let mark = context.reply.deferredAggregate()
            var count = 0
            forEachPlace(query, shape, entry) { member, score, distance in
                write(member, score, distance, query, &context.reply)
                count += 1
            }
            context.reply.closeArray(mark, count: count)
        } else {
            let found = findings(query, shape, entry)
            context.reply.array(found.count)
            found.forEach { write($0, $1, $2, query, &context.reply) }
        }
        return .done
    }

    /// The places of a search in its order.
    private static func findings(_ query: GeoQuery, _ shape: GeoShape, _ entry: Entry) -> GeoFindings {
        var findings = GeoFindings(limit: query.limit, isDescending: query.order == .descending)
        forEachPlace(query, shape, entry) { findings.add($0, $1, $2) }
        if query.order != .none { findings.sort() }
        return findings
    }

    /// Visits the members in the shape with score and distance in the order in which they
    /// stand in the set's cells; where any do, no more than are asked for.
    private static func forEachPlace(
        _ query: GeoQuery, _ shape: GeoShape, _ entry: Entry, _ body: (RawSpan, Double, Double) -> Void
    ) {
        let meters = query.unit.meters
        var left = query.isAny ? query.limit ?? .max : .max
        shape.forEachScoreRange { lower, upper in
            entry.forEachScored(from: SortedSetLimit(score: lower, isBehind: false)) { member, score in
                guard score < upper else { return false }
                guard let distance = shape.distance(to: GeoCoordinates(score: score)) else { return true }
                body(member, score, distance / meters)
                left -= 1
                return left > 0
            }
            return left > 0
        }
    }

    private static func write(
        _ member: RawSpan, _ score: Double, _ distance: Double, _ query: GeoQuery, _ reply: inout ReplyWriter
    ) {
        if query.details > 0 { reply.array(1 + query.details) }
        reply.bulk(member)
        if query.withDistance { reply.distance(distance) }
        if query.withHash { reply.integer(Int64(exactly: score.rounded(.towardZero)) ?? 0) }
        if query.withCoordinates { reply.coordinates(GeoCoordinates(score: score)) }
    }
}
