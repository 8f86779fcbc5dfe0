// Which cells of the grid a shape touches: the one in which its middle lies and
// its eight neighbours, as fine as they still cover it.

extension GeoShape {
    /// Visits ranges of scores, from the first up to but without the second, in
    /// which all places of the shape lie, for as long as `body` wants more. No score is in two.
    public func forEachScoreRange(while body: (_ lower: Double, _ upper: Double) -> Bool) {
        let bounds = bounds
        var steps = Self.steps(forReach: reach, latitude: center.latitude)
        if steps > 1, !Self.covers(bounds, around: GeoCell(center, steps: steps)) { steps -= 1 }
        let middle = GeoCell(center, steps: steps)
        let area = middle.area
        // Where the middle cell reaches beyond the shape, the neighbours on that side are of no use.
        let isFine = steps >= 2
        let noSouth = isFine && area.south < bounds.south
        let noNorth = isFine && area.north > bounds.north
        let noWest = isFine && area.west < bounds.west
        let noEast = isFine && area.east > bounds.east
        guard body(middle.scores.lower, middle.scores.upper) else { return }
        var last: GeoCell?
        for direction in 0..<Self.directions.count {
            let (east, north) = Self.directions[direction]
            if north < 0 && noSouth || north > 0 && noNorth || east < 0 && noWest || east > 0 && noEast { continue }
            let cell = middle.neighbour(east: east, north: north)
            // A grid of two by two has the same cell on both sides.
            guard cell != last else { continue }
            last = cell
            guard body(cell.scores.lower, cell.scores.upper) else { return }
        }
    }

    /// The order in which neighbours are visited; clients that ask for any places see it.
    private static var directions: InlineArray<8, (Int, Int)> {
        [(0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (-1, 1), (1, -1), (-1, -1)]
    }

    /// How fine the grid may be for nine cells to cover so many meters around a place.
    private static func steps(forReach meters: Double, latitude: Double) -> Int {
        guard meters > 0 else { return GeoCell.finest }
        // Half of the equator, as Mercator's projection has it.
        let half = 20_037_726.37
        var steps = 1
        var range = meters
        while range < half, steps < 64 {
            range *= 2
            steps += 1
        }
        steps -= 2
        // Cells are narrower near the poles.
        if latitude.magnitude > 66 { steps -= 1 }
        if latitude.magnitude > 80 { steps -= 1 }
        return max(1, min(GeoCell.finest, steps))
    }

    private static func covers(_ bounds: GeoBounds, around middle: GeoCell) -> Bool {
        !(middle.neighbour(east: 0, north: 1).area.north < bounds.north
            || middle.neighbour(east: 0, north: -1).area.south > bounds.south
            || middle.neighbour(east: 1, north: 0).area.east < bounds.east
            || middle.neighbour(east: -1, north: 0).area.west > bounds.west)
    }
}
