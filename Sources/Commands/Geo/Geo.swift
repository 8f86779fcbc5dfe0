import Engine
import Keyspace
import Primitives
import RESP
import Structures

/// Commands on places, which are members of sorted sets: the score is the place.
public enum Geo {
    /// All commands of the family.
    public static var declarations: [CommandDeclaration] {
        additionDeclarations + readingDeclarations + searchDeclarations + radiusDeclarations
    }
}

/// What distances are told in.
struct GeoUnit: BitwiseCopyable {
    /// Meters in one.
    let meters: Double

    static var meter: GeoUnit { GeoUnit(meters: 1) }

    private init(meters: Double) { self.meters = meters }

    /// The unit that a word names.
    init(_ word: RawSpan, _ context: inout CommandContext) throws(CommandError) {
        if word.matches("m") {
            meters = 1
        } else if word.matches("km") {
            meters = 1000
        } else if word.matches("ft") {
            meters = 0.3048
        } else if word.matches("mi") {
            meters = 1609.34
        } else {
            throw context.failure("ERR unsupported unit provided. please use M, KM, FT, MI")
        }
    }
}

extension CommandContext {
    /// The place that two words spell.
    mutating func coordinates(_ longitude: RawSpan, _ latitude: RawSpan) throws(CommandError) -> GeoCoordinates {
        guard let longitude = longitude.double, let latitude = latitude.double else { throw .notFloat }
        let place = GeoCoordinates(longitude: longitude, latitude: latitude)
        guard place.isValid else {
            let text = [UInt8]("ERR invalid longitude,latitude pair ")
            throw failure(bytes: text + plainText(of: longitude) + [44] + plainText(of: latitude))
        }
        return place
    }
}

extension ReplyWriter {
    /// A distance, with four decimals.
    mutating func distance(_ value: Double) {
        let text = FixedText(tenThousandths: Int64(exactly: (value * 10_000).rounded(.toNearestOrEven)) ?? .max)
        bulk(text.bytes)
    }

    /// Longitude and latitude.
    mutating func coordinates(_ place: GeoCoordinates) {
        array(2)
        decimal(place.longitude)
        decimal(place.latitude)
    }

    private mutating func decimal(_ value: Double) {
        let text = FixedText(value)
        decimal(text.bytes)
    }
}
