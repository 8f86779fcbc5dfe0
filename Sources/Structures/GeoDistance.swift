// Distances on a sphere, by the haversine formula.

import CSystem

/// A place from which distances are measured; what only depends on it is computed once.
public struct GeoOrigin: Sendable, BitwiseCopyable {
    /// Meters.
    public static var earthRadius: Double { 6_372_797.560856 }

    /// In radians.
    private let longitude: Double
    private let latitude: Double
    private let cosine: Double

    public init(_ place: GeoCoordinates) {
        longitude = place.longitude.radians
        latitude = place.latitude.radians
        cosine = cos(latitude)
    }

    /// Meters to a place.
    public func distance(to place: GeoCoordinates) -> Double {
        distance(to: place, below: .infinity) ?? 0
    }

    /// Meters to a place; nil where the haversine passes `bound`.
    func distance(to place: GeoCoordinates, below bound: Double) -> Double? {
        let otherLatitude = place.latitude.radians
        let v = sin((place.longitude.radians - longitude) / 2)
        // On one meridian the difference of latitudes says it all.
        if v == 0 { return Self.earthRadius * (otherLatitude - latitude).magnitude }
        let u = sin((otherLatitude - latitude) / 2)
        let haversine = u * u + cosine * cos(otherLatitude) * v * v
        guard haversine <= bound else { return nil }
        // Rounding may carry the other end of the earth beyond 1.
        return 2 * Self.earthRadius * asin(min(1, haversine).squareRoot())
    }

    /// Meters to the parallel of a latitude.
    func distance(toLatitude other: Double) -> Double {
        Self.earthRadius * (other.radians - latitude).magnitude
    }

    /// What haversines of places within so many meters do not pass.
    static func haversineBound(_ meters: Double) -> Double {
        let angle = meters / (2 * earthRadius)
        guard angle < Double.pi / 2 else { return .infinity }
        let sine = sin(angle)
        // Generous, since what is below is measured.
        return sine * sine * (1 + 1e-9) + 1e-18
    }
}

extension Double {
    private static var radiansPerDegree: Double { .pi / 180 }

    /// Degrees as radians.
    var radians: Double { self * Self.radiansPerDegree }
    /// Radians as degrees.
    var degrees: Double { self / Self.radiansPerDegree }
}
