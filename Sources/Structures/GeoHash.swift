// Places on the earth as integers that sort near ones together: the bits of
// longitude and latitude in turn, longitude first. 26 bits of each are a score
// of a sorted set; fewer name a cell of a grid.

/// A place in degrees.
public struct GeoCoordinates: Sendable, Equatable, BitwiseCopyable {
    /// To the east of Greenwich.
    public var longitude: Double
    /// To the north of the equator.
    public var latitude: Double

    public init(longitude: Double, latitude: Double) {
        self.longitude = longitude
        self.latitude = latitude
    }

    /// Latitudes end where the Mercator projection is square.
    public static var latitudeLimit: Double { 85.05112878 }
    /// Longitudes end at the antimeridian.
    public static var longitudeLimit: Double { 180 }

    /// Whether the place is one that can be kept.
    public var isValid: Bool {
        longitude.magnitude <= Self.longitudeLimit && latitude.magnitude <= Self.latitudeLimit
    }

    /// The middle of the cell that a score names. Scores that are none of ours name some cell too.
    public init(score: Double) {
        let area = GeoCell(bits: Self.bits(of: score), steps: GeoCell.finest).area
        let longitude = (area.west + area.east) / 2
        let latitude = (area.south + area.north) / 2
        self.longitude = max(-Self.longitudeLimit, min(Self.longitudeLimit, longitude))
        self.latitude = max(-Self.latitudeLimit, min(Self.latitudeLimit, latitude))
    }

    /// A score as an integer, where it is none as the x86 processor converts it.
    private static func bits(of score: Double) -> UInt64 {
        if score >= 0, score < 18_446_744_073_709_551_616 { return UInt64(score) }
        if score < 0, score > -9_223_372_036_854_775_808 { return UInt64(bitPattern: Int64(score)) }
        return score > 0 ? 0 : 1 << 63
    }

    /// The bits under which the place is kept: 52, more at the eastern and northern ends.
    public var bits: UInt64 { GeoCell(self, steps: GeoCell.finest).bits }

    /// The eleven letters of the place's standard geohash.
    public var letters: InlineArray<11, UInt8> {
        let bits = GeoCell(self, steps: GeoCell.finest, latitudeLimit: 90).bits
        let alphabet = RawSpan(literal: "0123456789bcdefghjkmnpqrstuvwxyz")
        // 52 bits are ten letters; the eleventh says nothing.
        return InlineArray { index in
            alphabet.byte(index < 10 ? Int(truncatingIfNeeded: bits >> UInt64(47 - index * 5) & 31) : 0)
        }
    }
}

/// A rectangle in degrees.
struct GeoBounds: BitwiseCopyable {
    var west: Double
    var east: Double
    var south: Double
    var north: Double
}

/// A cell of the grid that cuts both axes into 2^steps pieces.
struct GeoCell: Equatable, BitwiseCopyable {
    /// Steps of a score.
    static var finest: Int { 26 }

    var bits: UInt64
    /// 1 to 26.
    let steps: Int

    init(bits: UInt64, steps: Int) {
        self.bits = bits
        self.steps = steps
    }

    init(_ place: GeoCoordinates, steps: Int, latitudeLimit: Double = GeoCoordinates.latitudeLimit) {
        let longitudeLimit = GeoCoordinates.longitudeLimit
        let pieces = Double(1 << steps)
        let x = (place.longitude + longitudeLimit) / (longitudeLimit + longitudeLimit) * pieces
        let y = (place.latitude + latitudeLimit) / (latitudeLimit + latitudeLimit) * pieces
        bits = Self.spread(Self.piece(y)) | Self.spread(Self.piece(x)) << 1
        self.steps = steps
    }

    private static func piece(_ value: Double) -> UInt32 { value >= 0 && value < 4_294_967_296 ? UInt32(value) : 0 }

    /// Puts a zero in front of every bit.
    private static func spread(_ value: UInt32) -> UInt64 {
        var bits = UInt64(value)
        bits = (bits | bits << 16) & 0x0000_ffff_0000_ffff
        bits = (bits | bits << 8) & 0x00ff_00ff_00ff_00ff
        bits = (bits | bits << 4) & 0x0f0f_0f0f_0f0f_0f0f
        bits = (bits | bits << 2) & 0x3333_3333_3333_3333
        return (bits | bits << 1) & Self.evenBits
    }

    /// Takes every other bit.
    private static func gather(_ value: UInt64) -> UInt32 {
        var bits = value & Self.evenBits
        bits = (bits | bits >> 1) & 0x3333_3333_3333_3333
        bits = (bits | bits >> 2) & 0x0f0f_0f0f_0f0f_0f0f
        bits = (bits | bits >> 4) & 0x00ff_00ff_00ff_00ff
        bits = (bits | bits >> 8) & 0x0000_ffff_0000_ffff
        return UInt32(truncatingIfNeeded: bits | bits >> 16)
    }

    private static var evenBits: UInt64 { 0x5555_5555_5555_5555 }

    /// What the cell covers.
    var area: GeoBounds {
        let pieces = Double(1 << steps)
        let x = Double(Self.gather(bits >> 1))
        let y = Double(Self.gather(bits))
        let longitudes = 2 * GeoCoordinates.longitudeLimit
        let latitudes = 2 * GeoCoordinates.latitudeLimit
        return GeoBounds(
            west: x / pieces * longitudes - GeoCoordinates.longitudeLimit,
            east: (x + 1) / pieces * longitudes - GeoCoordinates.longitudeLimit,
            south: y / pieces * latitudes - GeoCoordinates.latitudeLimit,
            north: (y + 1) / pieces * latitudes - GeoCoordinates.latitudeLimit)
    }

    /// The cell so many places to the east and to the north, each -1, 0 or 1; the grid has no ends.
    func neighbour(east: Int, north: Int) -> GeoCell {
        let all = UInt64.max >> UInt64(64 - 2 * steps)
        let columns = Self.moved(bits, east, Self.evenBits << 1, all)
        let rows = Self.moved(bits, north, Self.evenBits, all)
        return GeoCell(bits: columns | rows, steps: steps)
    }

    /// Counts in the bits of one `axis`; the carry passes through the gaps between them. What
    /// does not move stays as it is, beyond the grid too, where its eastern and northern ends lie.
    private static func moved(_ bits: UInt64, _ step: Int, _ axis: UInt64, _ all: UInt64) -> UInt64 {
        let gaps = ~axis & all
        switch step {
        case 1: return (bits & axis &+ (gaps &+ 1)) & axis & all
        case -1: return ((bits & axis | gaps) &- (gaps &+ 1)) & axis & all
        default: return bits & axis
        }
    }

    /// The scores in the cell: from the first up to but without the second.
    var scores: (lower: Double, upper: Double) {
        let shift = UInt64(2 * (Self.finest - steps))
        return (Double(bits << shift), Double((bits &+ 1) << shift))
    }
}
