import Engine

/// Commands on strings.
public enum Strings {
    public static var declarations: [CommandDeclaration] {
        setDeclarations + getDeclarations + conditionDeclarations + manyDeclarations + counterDeclarations
            + rangeDeclarations + lcsDeclarations
    }
}
