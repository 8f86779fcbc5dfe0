// What is looked for and how it is told: the options of GEOSEARCH and its elder sisters.

import Engine
import Keyspace
import Primitives
import RESP
import Structures

/// The commands that look for places.
enum GeoSearchForm {
    /// GEOSEARCH, GEOSEARCHSTORE.
    case search, searchStore
    /// GEORADIUS, and whether it only reads.
    case radius(readOnly: Bool)
    /// GEORADIUSBYMEMBER, and whether it only reads.
    case memberRadius(readOnly: Bool)

    /// The word that is the key of the set.
    var sourceKey: Int { if case .searchStore = self { 2 } else { 1 } }

    /// The first option.
    var firstOption: Int {
        switch self {
        case .search: 2
        case .searchStore: 3
        case .radius: 6
        case .memberRadius: 5
        }
    }

    var isSearch: Bool {
        switch self {
        case .search, .searchStore: true
        case .radius, .memberRadius: false
        }
    }

    var mayStore: Bool {
        switch self {
        case .radius(let readOnly), .memberRadius(let readOnly): !readOnly
        case .search, .searchStore: false
        }
    }
}

/// In which order places are told.
enum GeoOrder: BitwiseCopyable { case none, ascending, descending }

/// A search as a request tells it.
struct GeoQuery {
    private enum Area {
        case circle(radius: Double)
        case box(width: Double, height: Double)
        case polygon([GeoCoordinates])
    }

    private let form: GeoSearchForm
    private var center: GeoCoordinates?
    private var isFromMember = false
    private var isFromPlace = false
    private var area: Area?
    private(set) var unit = GeoUnit.meter
    private(set) var order = GeoOrder.none
    /// Places at most; nil: all.
    private(set) var limit: Int?
    /// Any places do when there are more than the limit.
    private(set) var isAny = false
    private(set) var withDistance = false
    private(set) var withHash = false
    private(set) var withCoordinates = false
    /// The word that is the key of the result; nil: it is told.
    private(set) var target: Int?
    private(set) var storesDistance = false

    /// Reads all options. `entry` is the set, where there is one.
    init(
        _ form: GeoSearchForm, _ arguments: borrowing Arguments, _ entry: Entry?, _ context: inout CommandContext
    ) throws(CommandError) {
        self.form = form
        switch form {
        case .search: break
        case .searchStore: target = 1
        case .radius:
            center = try context.coordinates(arguments[2], arguments[3])
            try readRadius(arguments, 4, &context)
        case .memberRadius:
            if entry != nil {
                try readMember(arguments[2], entry, &context)
                try readRadius(arguments, 3, &context)
            }
        }
        var index = form.firstOption
        while index < arguments.count {
            if let next = try readOption(arguments, index, &context) {
                index = next
            } else if form.isSearch, let next = try readSearchOption(arguments, index, entry, &context) {
                index = next
            } else {
                throw .syntax
            }
        }
        try check(arguments, &context)
        if limit != nil, order == .none, !isAny { order = .ascending }
    }

    /// Whether members are told with more than their names.
    var details: Int { (withDistance ? 1 : 0) + (withHash ? 1 : 0) + (withCoordinates ? 1 : 0) }

    /// Where to look; the set must be there.
    var shape: GeoShape? {
        switch area {
        case .circle(let radius): center.map { .circle($0, radius: radius) }
        case .box(let width, let height): center.map { .box($0, width: width, height: height) }
        case .polygon(let corners): .polygon(corners)
        case nil: nil
        }
    }

    // MARK: Options

    /// Options that all forms have: the word behind the one at `index`, nil when it is none of them.
    private mutating func readOption(
        _ arguments: borrowing Arguments, _ index: Int, _ context: inout CommandContext
    ) throws(CommandError) -> Int? {
        let word = arguments[index]
        let behind = arguments.count - index - 1
        if word.matches("WITHDIST") {
            withDistance = true
        } else if word.matches("WITHHASH") {
            withHash = true
        } else if word.matches("WITHCOORD") {
            withCoordinates = true
        } else if word.matches("ANY") {
            isAny = true
        } else if word.matches("ASC") {
            order = .ascending
        } else if word.matches("DESC") {
            order = .descending
        } else if word.matches("COUNT"), behind >= 1 {
            let count = try context.integer(arguments[index + 1]).value
            guard count > 0 else { throw context.failure("ERR COUNT must be > 0") }
            limit = Int(clamping: count)
            return index + 2
        } else if form.mayStore, behind >= 1, word.matches("STORE") || word.matches("STOREDIST") {
            storesDistance = word.byteCount > 5
            target = index + 1
            return index + 2
        } else if case .searchStore = form, word.matches("STOREDIST") {
            storesDistance = true
        } else {
            return nil
        }
        return index + 1
    }

    /// Options that say where to look, as above.
    private mutating func readSearchOption(
        _ arguments: borrowing Arguments, _ index: Int, _ entry: Entry?, _ context: inout CommandContext
    ) throws(CommandError) -> Int? {
        let word = arguments[index]
        let behind = arguments.count - index - 1
        if word.matches("FROMMEMBER"), behind >= 1, !isFromPlace, !isPolygon {
            if entry != nil { try readMember(arguments[index + 1], entry, &context) }
            isFromMember = true
            return index + 2
        }
        if word.matches("FROMLONLAT"), behind >= 2, !isFromMember, !isPolygon {
            center = try context.coordinates(arguments[index + 1], arguments[index + 2])
            isFromPlace = true
            return index + 3
        }
        if word.matches("BYRADIUS"), behind >= 2, !isBox, !isPolygon {
            try readRadius(arguments, index + 1, &context)
            return index + 3
        }
        if word.matches("BYBOX"), behind >= 3, !isCircle, !isPolygon {
            try readBox(arguments, index + 1, &context)
            return index + 4
        }
        if word.matches("BYPOLYGON"), behind >= 2, !isCircle, !isBox, !isFromMember, !isFromPlace {
            return try readPolygon(arguments, index + 1, &context)
        }
        return nil
    }

    private var isCircle: Bool { if case .circle = area { true } else { false } }
    private var isBox: Bool { if case .box = area { true } else { false } }
    private var isPolygon: Bool { if case .polygon = area { true } else { false } }

    private mutating func readMember(
        _ member: RawSpan, _ entry: Entry?, _ context: inout CommandContext
    ) throws(CommandError) {
        guard let score = entry?.score(of: member) else {
            throw context.failure("ERR could not decode requested zset member")
        }
        center = GeoCoordinates(score: score)
    }

    private mutating func readRadius(
        _ arguments: borrowing Arguments, _ index: Int, _ context: inout CommandContext
    ) throws(CommandError) {
        guard let radius = arguments[index].double else { throw context.failure("ERR need numeric radius") }
        guard radius >= 0 else { throw context.failure("ERR radius cannot be negative") }
        unit = try GeoUnit(arguments[index + 1], &context)
        area = .circle(radius: radius * unit.meters)
    }

    private mutating func readBox(
        _ arguments: borrowing Arguments, _ index: Int, _ context: inout CommandContext
    ) throws(CommandError) {
        guard let width = arguments[index].double else { throw context.failure("ERR need numeric width") }
        guard let height = arguments[index + 1].double else { throw context.failure("ERR need numeric height") }
        guard width >= 0, height >= 0 else { throw context.failure("ERR height or width cannot be negative") }
        unit = try GeoUnit(arguments[index + 2], &context)
        area = .box(width: width * unit.meters, height: height * unit.meters)
    }

    /// Reads number and places of the corners; the word behind them.
    private mutating func readPolygon(
        _ arguments: borrowing Arguments, _ index: Int, _ context: inout CommandContext
    ) throws(CommandError) -> Int {
        guard let number = arguments[index].canonicalInteger, let number = Int32(exactly: number) else {
            throw context.failure("ERR invalid number of vertices")
        }
        let count = Int(number)
        let first = index + 1
        guard count >= 3, count <= (arguments.count - first) / 2 else {
            throw context.failure("ERR GEOSEARCH BYPOLYGON must have at least 3 vertices")
        }
        var corners: [GeoCoordinates] = []
        corners.reserveCapacity(count)
        for corner in 0..<count {
            corners.append(try context.coordinates(arguments[first + 2 * corner], arguments[first + 2 * corner + 1]))
        }
        area = .polygon(corners)
        unit = .meter
        return first + 2 * count
    }

    /// Refuses options that do not go together.
    private func check(_ arguments: borrowing Arguments, _ context: inout CommandContext) throws(CommandError) {
        if target != nil, details > 0 {
            let what = form.isSearch ? "GEOSEARCHSTORE" : "STORE option in GEORADIUS"
            throw context.failure("ERR \(what) is not compatible with WITHDIST, WITHHASH and WITHCOORD options")
        }
        if form.isSearch, !isFromMember, !isFromPlace, !isPolygon {
            throw context.failure("ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for \(arguments[0].text)")
        }
        if form.isSearch, area == nil {
            throw context.failure("ERR exactly one of BYRADIUS and BYBOX can be specified for \(arguments[0].text)")
        }
        if isAny, limit == nil { throw context.failure("ERR the ANY argument requires COUNT argument") }
    }
}
