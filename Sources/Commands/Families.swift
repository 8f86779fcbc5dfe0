import Engine

/// All command families of this module.
public enum Families {
    public static var all: [CommandDeclaration] {
        values + Sorting.declarations + Transactions.declarations + Keys.declarations + Connection.declarations
            + Messages.declarations + Introspection.declarations + Administration.declarations + Snapshots.declarations + AppendOnly.declarations
            + Backups.declarations
    }

    private static var values: [CommandDeclaration] {
        Strings.declarations + Bitmaps.declarations + HyperLogLogs.declarations + Lists.declarations + Sets.declarations
            + Hashes.declarations + SortedSets.declarations + Geo.declarations
    }
}
