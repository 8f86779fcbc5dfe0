// Areas on the earth in which places are looked for.

import CSystem

/// A circle, a box that follows the meridians, or a polygon.
public struct GeoShape: Sendable {
    private enum Kind { case circle, box, polygon }

    private let kind: Kind
    /// In the middle; distances are measured from here.
    let center: GeoCoordinates
    private let origin: GeoOrigin
    /// Meters: of a circle twice the radius.
    private let width: Double
    private let height: Double
    /// Corners of a polygon; an edge leads from the last to the first.
    private let corners: [GeoCoordinates]
    /// Parallels beyond which nothing lies in a circle, and what haversines in it do not pass.
    private let latitudes: (south: Double, north: Double)
    private let haversineBound: Double

    private init(_ kind: Kind, _ center: GeoCoordinates, _ width: Double, _ height: Double, _ corners: [GeoCoordinates] = []) {
        self.kind = kind
        self.center = center
        self.width = width
        self.height = height
        self.corners = corners
        origin = GeoOrigin(center)
        let reach = (height / 2 / GeoOrigin.earthRadius).degrees * (1 + 1e-9) + 1e-9
        latitudes = (center.latitude - reach, center.latitude + reach)
        haversineBound = GeoOrigin.haversineBound(width / 2)
    }

    /// All within a radius, which is in meters and not negative.
    public static func circle(_ center: GeoCoordinates, radius: Double) -> GeoShape {
        GeoShape(.circle, center, 2 * radius, 2 * radius)
    }

    /// All not farther to each side than half of width and height, which are in meters and not negative.
    public static func box(_ center: GeoCoordinates, width: Double, height: Double) -> GeoShape {
        GeoShape(.box, center, width, height)
    }

    /// All within a polygon of three corners or more, in the plane of degrees.
    public static func polygon(_ corners: [GeoCoordinates]) -> GeoShape {
        GeoShape(.polygon, middle(of: corners), 0, 0, corners)
    }

    /// Where the mean of the corners' directions points to.
    private static func middle(of corners: [GeoCoordinates]) -> GeoCoordinates {
        var (x, y, z) = (0.0, 0.0, 0.0)
        for corner in corners {
            let latitude = corner.latitude.radians
            let longitude = corner.longitude.radians
            x += cos(latitude) * cos(longitude)
            y += cos(latitude) * sin(longitude)
            z += sin(latitude)
        }
        let count = Double(corners.count)
        (x, y, z) = (x / count, y / count, z / count)
        return GeoCoordinates(
            longitude: atan2(y, x).degrees, latitude: atan2(z, (x * x + y * y).squareRoot()).degrees)
    }

    /// Meters from the middle to a place in the shape; nil where it is outside.
    public func distance(to place: GeoCoordinates) -> Double? {
        switch kind {
        case .circle:
            guard place.latitude >= latitudes.south, place.latitude <= latitudes.north else { return nil }
            guard let distance = origin.distance(to: place, below: haversineBound), !(distance > width / 2) else { return nil }
            return distance
        case .box:
            guard !(origin.distance(toLatitude: place.latitude) > height / 2) else { return nil }
            let opposite = GeoCoordinates(longitude: center.longitude, latitude: place.latitude)
            guard !(GeoOrigin(place).distance(to: opposite) > width / 2) else { return nil }
            return origin.distance(to: place)
        case .polygon:
            return hasInside(place) ? origin.distance(to: place) : nil
        }
    }

    /// Whether a ray to the east leaves the polygon once more than it enters it.
    private func hasInside(_ place: GeoCoordinates) -> Bool {
        var isInside = false
        var previous = corners.count - 1
        for index in corners.indices {
            let (a, b) = (corners[index], corners[previous])
            previous = index
            guard (a.latitude > place.latitude) != (b.latitude > place.latitude) else { continue }
            let slope = (b.longitude - a.longitude) * (place.latitude - a.latitude) / (b.latitude - a.latitude)
            if place.longitude < slope + a.longitude { isInside.toggle() }
        }
        return isInside
    }

    /// The meridians and parallels that enclose the shape.
    var bounds: GeoBounds {
        guard kind != .polygon else { return polygonBounds }
        let latitude = (height / 2 / GeoOrigin.earthRadius).degrees
        let isSouthern = center.latitude < 0
        // The parallel nearer to the pole is the shorter one.
        let parallel = isSouthern ? center.latitude - latitude : center.latitude + latitude
        let longitude = (width / 2 / GeoOrigin.earthRadius / cos(parallel.radians)).degrees
        return GeoBounds(
            west: center.longitude - longitude, east: center.longitude + longitude,
            south: center.latitude - latitude, north: center.latitude + latitude)
    }

    private var polygonBounds: GeoBounds {
        var bounds = GeoBounds(west: .infinity, east: -.infinity, south: .infinity, north: -.infinity)
        for corner in corners {
            bounds.west = min(bounds.west, corner.longitude)
            bounds.east = max(bounds.east, corner.longitude)
            bounds.south = min(bounds.south, corner.latitude)
            bounds.north = max(bounds.north, corner.latitude)
        }
        return bounds
    }

    /// Meters from the middle to the farthest corner.
    var reach: Double {
        switch kind {
        case .circle: width / 2
        case .box: ((width / 2) * (width / 2) + (height / 2) * (height / 2)).squareRoot()
        case .polygon: corners.reduce(0) { max($0, origin.distance(to: $1)) }
        }
    }
}
